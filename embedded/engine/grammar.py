"""Every command and flag of the engine, as data (engine-contract §1.3).

A flag is written `name,letter` plus a sign: `?` boolean, `=` text, `*` text that may repeat, `#` integer, `~` text that
may be left out. `!` in front: known, and refused by name; `_REMEDIES` says what to do where that is not to use the CLI.
"""

from __future__ import annotations

from typing import Literal

from embedded.engine.arguments import Command, Flag

_SIGNS: dict[str, Literal["bool", "text", "list", "int", "optional"]] = {
    "?": "bool",
    "=": "text",
    "*": "list",
    "#": "int",
    "~": "optional",
}

_GLOBAL = """
    non-interactive? cwd,C= color= emoji,e? fully-qualify-stack-names,Q? disable-integrity-checking? logflow?
    logtostderr? tracing= otel-traces= !profiling= memprofilerate# verbose,v# tracing-header=
"""
_RUN = """
    stack,s= message,m= config-file= config,c* config-path? debug,d? expect-no-changes? diff? json,j? parallel,p#
    target,t* exclude,x* replace* target-replace* target-dependents? exclude-dependents? refresh,r~ run-program?
    client= exec-kind= exec-agent= event-log= continue-on-error? suppress-outputs? suppress-progress?
    suppress-permalink~ show-config? show-reads? show-replacement-steps? show-sames? show-secrets? show-full-output?
    show-policy-remediations? urns? skip-plugin-pre-install? skip-config-validation? ignore-protect?
    clear-pending-creates? skip-pending-creates? output= secrets-provider=
    !remote? !remote-git-branch= !remote-git-commit= !remote-git-repo-dir= !remote-env* !remote-env-secret*
    !policy-pack* !policy-pack-config* !attach-debugger* !neo? !neo-task-on-failure? !copilot? !override-env*
"""
_UPDATE = "yes,y? skip-preview,f? "
_STACK = "stack,s= "
_REFUSED = (
    "ai api auth console convert do env events import insights install-package logs new neo package plan policy "
    "refactor schema state template trace watch login logout gen-completion completion view-trace replay-events query"
)

_CLOUD = "it needs Pulumi Cloud, and the state is kept in a folder here"
_REMEDIES = {
    "remote": f"{_CLOUD}; run it without --remote",
    "env": f"Pulumi ESC: {_CLOUD}; put the values into the stack's config",
    "plan": "preview first, and run `up` without --plan",
    "save-plan": "use `preview --json`, which lists the same steps",
    "policy": "check the program's inputs in the program itself, or use the Pulumi CLI",
    "policy-pack": "leave it out, or use the Pulumi CLI",
    "login": "set PULUMI_BACKEND_URL to a file:// URL",
    "logout": "set PULUMI_BACKEND_URL to another file:// URL",
    "import": "import with the Pulumi CLI; this engine goes on with the state that it leaves",
    "new": "write Pulumi.yaml and the program yourself, or use the Pulumi CLI once",
    "import-file": "import with the Pulumi CLI; this engine goes on with the state that it leaves",
    "attach-debugger": "run the program under the debugger yourself through the Automation API",
    "schedule": _CLOUD,
    "webhook": _CLOUD,
    "drift": f"{_CLOUD}; `refresh --preview-only` shows drift",
}


def _flags(text: str) -> dict[str, Flag]:
    flags = {}
    for word in text.split():
        refused = word[0] == "!"
        name, _, short = word[1 if refused else 0 : -1].partition(",")
        flags[name] = Flag(name, _SIGNS[word[-1]], short, refused, _REMEDIES.get(name, "") if refused else "")
    return flags


def _command(name: str, flags: str = "", *, args: tuple[int, int] = (0, 0), runs: bool = True) -> Command:
    return Command(name, _flags(flags), least=args[0], most=args[1], runs=runs)


def _group(name: str, children: list[Command], flags: str = "", *, runs: bool = True, refused: str = "") -> Command:
    group = _command(name, flags, runs=runs)
    group.children = {child.name: child for child in children}
    group.children.update(
        (word, Command(word, refused=True, remedy=_REMEDIES.get(word, ""))) for word in refused.split()
    )
    return group


def _stack() -> Command:
    group = _group(
        "stack",
        [
            _command("select", "stack,s= create,c? secrets-provider=", args=(0, 1)),
            _command("init", "stack,s= secrets-provider= no-select? yes,y? !copy-config-from= !teams*", args=(0, 1)),
            _command("ls", "json,j? all,a? project,p= organization,o= !tag,t= output="),
            _command("rm", "stack,s= yes,y? force,f? preserve-config? remove-backups?", args=(0, 1)),
            _command("output", "stack,s= json,j? shell? show-secrets?", args=(0, 1)),
            _command("history", "stack,s= json,j? show-secrets? full-dates? page-size# page# output="),
            _command("export", "stack,s= file= show-secrets? !version="),
            _command("import", "stack,s= file= force,f?"),
            _command("unselect", ""),
            _command("rename", "stack,s=", args=(1, 1)),
            _command("change-secrets-provider", "stack,s=", args=(1, 1)),
            _tags(),
        ],
        "stack,s= show-name? show-ids? show-urns? show-secrets?",
        refused="graph drift schedule webhook migrate get",
    )
    for alias, name in (("new", "init"), ("list", "ls"), ("remove", "rm"), ("delete", "rm"), ("hist", "history")):
        group.children[alias] = group.children[name]
    return group


def _tags() -> Command:
    group = _group(
        "tag",
        [
            _command("get", args=(1, 1)),
            _command("set", args=(2, 2)),
            _command("rm", args=(1, 1)),
            _command("ls", "json,j? output="),
        ],
        _STACK,
        runs=False,
    )
    group.children |= {"remove": group.children["rm"], "list": group.children["ls"]}
    return group


def _config() -> Command:
    group = _group(
        "config",
        [
            _command("get", "json,j? path? open?", args=(1, 1)),
            _command("set", "path? plaintext? secret? type= raw?", args=(1, 2)),
            _command("set-all", "path? plaintext* secret* json="),
            _command("rm", "path?", args=(1, 1)),
            _command("rm-all", "path?", args=(1, 10**6)),
            _command("refresh", "force,f?"),
        ],
        "stack,s= config-file= show-secrets? json,j? open?",
        refused="cp copy env",
    )
    for alias, name in (("remove", "rm"), ("delete", "rm"), ("remove-all", "rm-all"), ("delete-all", "rm-all")):
        group.children[alias] = group.children[name]
    return group


def _root() -> Command:
    commands = [
        _command("version"),
        _command("about", "json,j? transitive,t? stack,s="),
        _command("whoami", "json,j? verbose,v? output="),
        _command("cancel", "yes,y? stack,s=", args=(0, 1)),
        _command(
            "install",
            "no-plugins? no-dependencies? reinstall? use-language-version-tools? parallel# force?",
        ),
        _group("org", [_command("get-default"), _command("set-default", args=(1, 1))], refused="search webhook"),
        _group(
            "plugin",
            [
                _command("ls", "json,j? project,p?"),
                _command("install", "server= exact? reinstall? checksum= file,f= parallel#", args=(0, 3)),
                _command("rm", "yes,y? all,a?", args=(0, 3)),
            ],
            runs=False,
            refused="run",
        ),
        _command("preview", _RUN + "!import-file= !save-plan="),
        _command("up", _RUN + _UPDATE + "!plan= strict?"),
        _command("refresh", _RUN + _UPDATE + "preview-only? !import-pending-creates*"),
        _command("destroy", _RUN + _UPDATE + "preview-only? remove? exclude-protected?"),
        _stack(),
        _config(),
    ]
    root = _group("pulumi", commands, _GLOBAL, runs=False, refused=_REFUSED)
    for alias, name in (("pre", "preview"), ("update", "up"), ("dn", "destroy"), ("down", "destroy")):
        root.children[alias] = root.children[name]
    plugin = root.children["plugin"].children
    plugin |= {"list": plugin["ls"], "remove": plugin["rm"]}
    return root


ROOT = _root()
"""The whole grammar."""
