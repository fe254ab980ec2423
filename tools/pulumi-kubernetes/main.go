// Pulumi's Kubernetes provider, for the tests of clusterBootstrap where no plugin is installed. The module's own main embeds
// files that the module proxy lacks; these two are read from beside the program instead, where set-up has put them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	provider.Serve("kubernetes", version.Version, read("schema.json"), read("terraform-mapping.json"))
}

func read(name string) []byte {
	program, err := os.Executable()
	if err == nil {
		var content []byte
		if content, err = os.ReadFile(filepath.Join(filepath.Dir(program), name)); err == nil {
			return content
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
	return nil
}
