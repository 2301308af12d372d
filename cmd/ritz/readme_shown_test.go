package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

// The jobs that are shown are accepted as they stand, in the folder of the examples, and those that
// are said to be an example are.
func TestReadmeJobs(t *testing.T) {
	dir := layOut(t)
	jobs, same := 0, 0
	for _, file := range readmes {
		for _, b := range readPage(t, file).blocks {
			if b.language != "yaml" {
				continue
			}
			jobs++
			path := filepath.Join(dir, "examples", "shown.yaml")
			require.NoError(t, os.WriteFile(path, []byte(b.text), 0o666))
			code, _, stderr := ritz("check", path)
			assert.Zero(t, code, "%s\n%s", stderr, b.text)
			assert.Empty(t, stderr)
			if m := regexp.MustCompile(`^This is \[.*\]\((examples/\w+\.yaml)\):$`).FindStringSubmatch(b.before); m != nil {
				same++
				shown, err := job.Load(path, nil)
				require.NoError(t, err)
				example, err := job.Load(filepath.Join(checkout, m[1]), nil)
				require.NoError(t, err)
				assert.Equal(t, example.YAML(), shown.YAML())
			}
		}
	}
	assert.Equal(t, []int{4, 3}, []int{jobs, same}, "jobs, and those that are said to be examples")
}

// programs are how the blocks of Go begin, what makes a program of each, and what it prints. A block that
// has no main is the body of one, but for what stands before the %% of a cell.
var programs = []struct{ begins, after, says string }{
	{"func main() {\n\tdistributed.", `
func square(_ context.Context, data []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(data))
	return []byte(strconv.Itoa(n * n)), err
}`, `^9801 <nil>\n$`},
	{"problem := &pinn.Problem{", "", `^\[0\.3727\d*\] <nil>\n$`},
	{"const rho, c = 1.2, 343.0\n", "fmt.Println(len(p), p[0] > 0)\n", `^2000 true\n$`},
	{"import \"github.com/seed-0772dd2d/ritz/notebooks/nb\"\n", "", ""},
}

// packages are what the blocks of Go import.
var packages = []string{
	"context", "fmt", "log", "math", "strconv",
	"github.com/seed-0772dd2d/ritz/distributed", "github.com/seed-0772dd2d/ritz/pinn", "github.com/seed-0772dd2d/ritz/stencil",
}

// The programs that are shown compile, run and print what is said.
func TestReadmePrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not in the path")
	}
	root, err := filepath.Abs(checkout)
	require.NoError(t, err)
	n := 0
	for _, file := range readmes {
		for _, b := range readPage(t, file).blocks {
			if b.language != "go" {
				continue
			}
			i := slices.IndexFunc(programs, func(p struct{ begins, after, says string }) bool { return strings.HasPrefix(b.text, p.begins) })
			require.GreaterOrEqual(t, i, 0, b.text)
			n++
			outside, inside, cell := strings.Cut(b.text, "%%\n")
			switch {
			case strings.HasPrefix(b.text, "func main"):
				outside, inside = b.text+programs[i].after, ""
			case !cell:
				outside, inside = "", b.text+programs[i].after
			}
			text := "package main\n"
			for _, path := range packages {
				if regexp.MustCompile(`\b` + filepath.Base(path) + `\.`).MatchString(outside + inside) {
					text += "import " + strconv.Quote(path) + "\n"
				}
			}
			text += outside
			if inside != "" {
				text += "\nfunc main() {\n" + inside + "}\n"
			}

			// The program is in the module without being written into it.
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o666))
			overlay, err := json.Marshal(object{"Replace": object{filepath.Join(root, "shown", "main.go"): filepath.Join(dir, "main.go")}})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o666))
			exe := filepath.Join(dir, "shown.exe")
			out, err := exec.CommandContext(t.Context(), "go", "build", "-C", root, "-overlay", filepath.Join(dir, "overlay.json"), "-o", exe, "./shown").CombinedOutput()
			require.NoError(t, err, "%s\n%s", out, text)
			if programs[i].says != "" {
				out, err = exec.CommandContext(t.Context(), exe).Output()
				require.NoError(t, err)
				assert.Regexp(t, programs[i].says, string(out))
			}
		}
	}
	assert.Equal(t, len(programs), n)
}

// Links lead to files and headings that there are.
func TestReadmeLinks(t *testing.T) {
	anchor := func(title string) string {
		title = regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(title), "")
		return strings.ReplaceAll(title, " ", "-")
	}
	for _, file := range readmes {
		p := readPage(t, file)
		links := regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(p.prose, -1)
		require.NotEmpty(t, links)
		for _, m := range links {
			if strings.HasPrefix(m[1], "https://") {
				continue
			}
			to, fragment, inside := strings.Cut(m[1], "#")
			path := filepath.Join(checkout, filepath.Dir(file), to)
			if to == "" {
				path = filepath.Join(checkout, file)
			}
			_, err := os.Stat(path)
			require.NoError(t, err, "%s: %s", file, m[1])
			if !inside {
				continue
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			found := false
			for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(text), -1) {
				found = found || anchor(h[1]) == fragment
			}
			assert.True(t, found, "%s: %s", file, m[1])
		}
	}
}

// Every example and every notebook is in the table of its page.
func TestReadmeTables(t *testing.T) {
	for file, patterns := range map[string][]string{"examples/README.md": {"*.yaml", "*/main.go"}, "notebooks/README.md": {"*.ipynb"}} {
		p := readPage(t, file)
		for _, pattern := range patterns {
			paths, err := filepath.Glob(filepath.Join(checkout, filepath.Dir(file), pattern))
			require.NoError(t, err)
			require.NotEmpty(t, paths)
			for _, path := range paths {
				name := filepath.Base(path)
				if name == "main.go" {
					name = filepath.Base(filepath.Dir(path))
				}
				assert.Contains(t, p.prose, "\n| [`"+strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".ipynb")+"`]("+name+") |")
			}
		}
	}
}
