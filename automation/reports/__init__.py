"""Results and reports as text, JSON, Markdown, HTML, SARIF and workflow commands. Pure.

May import automation.results and providers.core. Must not know servers, Git or the engine: values in, text out.
"""
