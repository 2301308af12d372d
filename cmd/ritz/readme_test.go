package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The commands that README shows for many workers on one machine run as they stand.
func TestReadmeManyWorkers(t *testing.T) {
	shell(t)
	isolate(t)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "\n## Many workers\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for i, block := range strings.Split(section, "```") {
		if commands, sh := strings.CutPrefix(block, "sh\n"); sh && i%2 == 1 {
			script.WriteString(commands)
		}
	}
	require.Contains(t, script.String(), "ritz cluster start")

	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "examples"), 0o777))
	for name, text := range map[string]string{"sine.yaml": sine, "poisson.yaml": sine, "sweep.yaml": sweepOfSines} { // fast ones in their places
		if name != "sine.yaml" {
			require.FileExists(t, "../../examples/"+name)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "examples", name), []byte(text), 0o666))
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command("sh", "-e", "-c", "ritz() { echo \"+ ritz $*\"; "+exe+" \"$@\"; }\n"+script.String())
	c.Dir = dir
	said, err := c.CombinedOutput()
	require.NoError(t, err, string(said))
	for _, file := range []string{"runs/sweep/result.json", "runs/poisson/result.json", "runs/poisson/solution.json", "runs/hello/a.txt", "runs/spread/result.json"} {
		assert.FileExists(t, filepath.Join(dir, file))
	}
	assert.Contains(t, string(said), "hello")
}
