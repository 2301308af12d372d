package main

import (
	"crypto/tls"
	"crypto/x509"
	"image"
	"image/png"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// checkout is where the pages are, of which every command, job, program and link is tried.
const checkout = "../.."

var readmes = []string{"README.md", "examples/README.md", "notebooks/README.md"}

// notRun are how commands begin that are not run here, and why. Flags of ritz are read all the same.
var notRun = map[string]string{
	"go test ./...":                             "would start itself",
	"go run ./examples/lens":                    "takes ten seconds: its own test looks for the lens",
	"RITZ_PICTURES=/tmp go test":                "the tests of the dashboard run it",
	"ritz coordinator --listen 0.0.0.0:4222":    "is for many machines: TestElsewhere",
	"ritz worker --connect tls://host:4222":     "likewise",
	"ritz submit job.yaml --connect tls://host": "likewise",
	"ritz devices --watch":                      "ends with Ctrl-C: TestDevicesWatchInterrupted",
	"ritz devices test hip:0":                   "wants a card of AMD: TestDeviceTest has PoCL",
	"ritz jupyter setup":                        "builds for minutes: the tests of notebooks call it when it has",
	"python3 -m pip install jupyterlab":         "takes it from the net",
	"jupyter lab":                               "waits for a person: TestLab of notebooks",
	"jupyter nbconvert":                         "takes minutes: the tests of notebooks execute all",
}

// quick makes the examples that take long short. What is run is the file with these numbers changed.
var quick = map[string][]string{
	"acoustic":             {"steps=60"},
	"acoustic_layers":      {"time=0.1"},
	"borehole":             {"sample.n=60"},
	"branin":               {"optimize.evaluations=5"},
	"burgers":              {"points.interior=1000", "points.resample.candidates=2000", "train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
	"external_command":     {"sample.n=10", "optimize.evaluations=1"},
	"heat":                 {"train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
	"kuramoto_sivashinsky": {"train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
	"poisson":              {"train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
	"sweep":                {"halving.min=6", "halving.max=18"},
	"system":               {"train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
	"wave":                 {"train.0.adam.iterations=10", "train.1.ssbroyden.iterations=10"},
}

// page is what a README tells its readers to do.
type page struct {
	file, text string
	prose      string // without the blocks
	commands   []string
	forms      []string // mentions of commands, and what has places to fill in
	usages     []string // lines of the overview of the command line
	blocks     []block
}

// block is a fenced block, and the line that leads to it.
type block struct{ language, text, before string }

var (
	fence   = regexp.MustCompile("(?m)^```")
	span    = regexp.MustCompile("`([^`]+)`")
	program = regexp.MustCompile(`^([A-Z_]+=\S+ )?(ritz|go|jupyter|python3|openssl) `)
	remark  = regexp.MustCompile(` +#.*`)
	form    = regexp.MustCompile(`^(go run ./cmd/)?ritz.* (.*\b[A-Z]{2,}\b|\[.*|\.\.\.)|^ritz [a-z]+( [a-z]+)?$|^go run( ./cmd/ritz)?$`)
)

func readPage(t *testing.T, file string) (p page) {
	data, err := os.ReadFile(filepath.Join(checkout, file))
	require.NoError(t, err)
	p.file, p.text = file, string(data)
	before := ""
	for i, part := range fence.Split(p.text, -1) {
		language, text, _ := strings.Cut(part, "\n")
		if i%2 == 0 {
			p.prose += part
			for _, s := range span.FindAllStringSubmatch(part, -1) {
				command := strings.Join(strings.Fields(s[1]), " ")
				if form.MatchString(command) {
					p.forms = append(p.forms, command)
				} else if program.MatchString(command) {
					p.commands = append(p.commands, command)
				}
			}
			lines := strings.Split(strings.TrimSpace(part), "\n")
			before = lines[len(lines)-1]
			continue
		}
		p.blocks = append(p.blocks, block{language, text, before})
		require.Contains(t, []string{"sh", "", "yaml", "go"}, language, file)
		switch language {
		case "sh":
			for line := range strings.Lines(text) {
				command := strings.TrimSpace(remark.ReplaceAllString(line, ""))
				require.Regexp(t, program, command, file)
				p.commands = append(p.commands, command)
			}
		case "":
			for line := range strings.Lines(text) {
				usage, _, _ := strings.Cut(line, "  ")
				require.Regexp(t, "^ritz ", usage, file)
				p.usages = append(p.usages, strings.Split(usage, ", ")...)
			}
		}
	}
	require.NotEmpty(t, p.commands, file)
	return p
}

// short writes the ritz of a checkout as the installed one.
func short(command string) string { return strings.Replace(command, "go run ./cmd/ritz ", "ritz ", 1) }

// exception is the beginning in notRun of a command that is not run, else "".
func exception(command string) string {
	for start := range notRun {
		if strings.HasPrefix(command, start) {
			return start
		}
	}
	return ""
}

func TestReadmeExceptions(t *testing.T) {
	unused := maps.Clone(notRun)
	for _, file := range readmes {
		p := readPage(t, file)
		for _, c := range slices.Concat(p.commands, p.forms) {
			delete(unused, exception(short(c)))
		}
	}
	assert.Empty(t, unused, "not in the pages any more")
}

// Commands, forms of them and the overview name commands and flags that there are.
func TestReadmeFlags(t *testing.T) {
	for _, file := range readmes {
		p := readPage(t, file)
		if file == "README.md" {
			require.NotEmpty(t, p.usages)
		}
		for _, usage := range slices.Concat(p.usages, p.forms, p.commands) {
			usage, _, _ = strings.Cut(short(usage), " > ")
			usage, _, _ = strings.Cut(usage, " -- ")
			usage = regexp.MustCompile(`[\[\]]|\.\.\.`).ReplaceAllString(usage, "")
			usage = strings.NewReplacer(" N", " 1", " KIND", " pinn").Replace(usage)
			words := strings.Fields(usage)
			if words[0] != "ritz" {
				continue
			}
			for _, first := range strings.Split(words[1], "|") {
				for _, second := range strings.Split(strings.Join(words[2:min(3, len(words))], ""), "|") {
					args := []string{first}
					if second != "" {
						args = append(append(args, second), words[3:]...)
					}
					if first != "help" {
						args = append(args, "--help") // when all before it has been read
					}
					code, _, stderr := ritz(args...)
					assert.Zero(t, code, "%s: %s\n%s", file, usage, stderr)
				}
			}
		}
	}
}

// layOut makes a folder like a checkout, as far as the pages need one.
func layOut(t *testing.T) (dir string) {
	dir = t.TempDir()
	made := 0
	require.NoError(t, os.CopyFS(filepath.Join(dir, "examples", "beam"), os.DirFS(checkout+"/examples/beam")))
	names, err := filepath.Glob(checkout + "/examples/*.*")
	require.NoError(t, err)
	for _, name := range append(names, checkout+"/go.mod", checkout+"/go.sum") {
		to, err := filepath.Rel(checkout, name)
		require.NoError(t, err)
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if sets, ok := quick[strings.TrimSuffix(filepath.Base(name), ".yaml")]; ok {
			j, err := job.Load(name, sets)
			require.NoError(t, err)
			text, made = []byte(j.YAML()), made+1
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), text, 0o666))
	}
	require.Equal(t, len(quick), made)
	return dir
}

// The commands of the pages run as they stand, one after the other, but the same job not twice.
func TestReadmeCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("runs for half a minute")
	}
	shell(t)
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not in the path")
	}
	isolate(t)
	exe, err := os.Executable()
	require.NoError(t, err)
	root, err := filepath.Abs(checkout)
	require.NoError(t, err)
	for name, value := range map[string]string{"POCL_CACHE_DIR": t.TempDir(), "GOBIN": t.TempDir(), "EXE": exe, "ROOT": root} {
		t.Setenv(name, value)
	}
	devices, _ := gpu.Devices()
	_, opensslErr := exec.LookPath("openssl")
	dir, jobs := layOut(t), map[string]bool{}
	for _, file := range readmes {
		t.Run(file, func(t *testing.T) {
			script := `ritz() { "$EXE" "$@"; }
				go() {
					if [ "$1" != run ]; then (cd "$ROOT" && command go "$@"); return; fi
					name=$GOBIN/$(basename "$2") && command go build -C "$ROOT" -o "$name" "$2" && shift 2 && "$name" "$@"
				}` + "\n"
			p := readPage(t, file)
			for _, c := range p.commands {
				c = short(c)
				lacking := strings.Contains(c, "opencl:0") && len(devices) == 0 || strings.HasPrefix(c, "openssl ") && opensslErr != nil
				if exception(c) != "" || jobs[c] || lacking && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
					continue
				}
				jobs[c] = strings.HasPrefix(c, "ritz run ")
				script += "echo '+ " + strings.ReplaceAll(c, "'", `'\''`) + "'\n" + c + "\n"
			}
			c := exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
			c.Dir = dir
			said, err := c.CombinedOutput()
			require.NoError(t, err, string(said))
			p.checkTables(t, dir)
			p.checkPictures(t, dir)
			if file == "README.md" && opensslErr == nil {
				checkCertificate(t, dir)
			}
			for _, name := range leaves[file] {
				assert.FileExists(t, filepath.Join(dir, name))
			}
		})
	}
}

// leaves are files that the commands of a page leave, beside those that its tables name.
var leaves = map[string][]string{
	"README.md":          {"pinn.yaml", "runs/sweep/result.json", "runs/poisson/solution.json", "runs/hello/a.txt", "runs/spread/result.json"},
	"examples/README.md": {"mine.yaml", "ritz.schema.json", "diffusion.png", "lyapunov.png"},
}

// checkCertificate verifies that the certificate is its own authority, for the host.
func checkCertificate(t *testing.T, dir string) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "host.pem"), filepath.Join(dir, "host.key"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: "host", Roots: roots})
	assert.NoError(t, err)
}

// madeBy is the file of the last run of an example.
func madeBy(t *testing.T, dir, example, file string) string {
	j, err := job.Load(filepath.Join(checkout, "examples", example+".yaml"), nil)
	require.NoError(t, err)
	paths, err := filepath.Glob(filepath.Join(dir, "runs", j.Name+"-*", file))
	require.NoError(t, err)
	require.NotEmpty(t, paths, "%s of examples/%s.yaml", file, example)
	return paths[len(paths)-1]
}

// checkTables looks for the files of runs that the rows of tables name behind their commands.
func (p page) checkTables(t *testing.T, dir string) {
	row := regexp.MustCompile("(?m)^\\|.*`(?:ritz|go run ./cmd/ritz) run examples/(\\w+)\\.yaml`(.*)$")
	for _, m := range row.FindAllStringSubmatch(p.prose, -1) {
		for _, file := range regexp.MustCompile("`(\\w+\\.(?:png|gif|csv))`").FindAllStringSubmatch(m[2], -1) {
			assert.FileExists(t, madeBy(t, dir, m[1], file[1]))
		}
	}
}

// checkPictures compares the pictures that are shown with those that the next command makes: in size, and
// where quick does not change what they show, in what they show.
func (p page) checkPictures(t *testing.T, dir string) {
	size := func(path string) [2]int {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		c, err := png.DecodeConfig(f)
		require.NoError(t, err)
		return [2]int{c.Width, c.Height}
	}
	for _, at := range regexp.MustCompile(`!\[[^\]]*\]\((\S+)\)`).FindAllStringSubmatchIndex(p.text, -1) {
		shown, rest := p.text[at[2]:at[3]], p.text[at[1]:]
		maker := regexp.MustCompile(`ritz run examples/(\w+)\.yaml|go run \./examples/|go test \./dist`).FindStringSubmatch(rest)
		require.NotNil(t, maker, shown)
		if maker[1] == "" {
			continue // in notRun
		}
		file := regexp.MustCompile("`(\\w+\\.png)`").FindStringSubmatch(rest)
		require.NotNil(t, file, shown)
		assert.Equal(t, size(madeBy(t, dir, maker[1], file[1])), size(filepath.Join(checkout, filepath.Dir(p.file), shown)), shown)
		if !slices.Contains([]string{"burgers", "acoustic_layers"}, maker[1]) {
			far := difference(t, madeBy(t, dir, maker[1], file[1]), filepath.Join(checkout, filepath.Dir(p.file), shown))
			assert.Less(t, far, 0.005, shown)
		}
	}
}

// difference is the mean difference of two pictures of one size, as a share of the full range of a colour.
func difference(t *testing.T, a, b string) float64 {
	var images [2]image.Image
	for i, path := range []string{a, b} {
		f, err := os.Open(path)
		require.NoError(t, err)
		defer f.Close()
		images[i], err = png.Decode(f)
		require.NoError(t, err)
	}
	box, sum := images[0].Bounds(), 0.0
	for y := range box.Dy() {
		for x := range box.Dx() {
			r, g, b, _ := images[0].At(x, y).RGBA()
			r1, g1, b1, _ := images[1].At(x, y).RGBA()
			sum += math.Abs(float64(r)-float64(r1)) + math.Abs(float64(g)-float64(g1)) + math.Abs(float64(b)-float64(b1))
		}
	}
	return sum / (3 * 0xffff * float64(box.Dx()*box.Dy()))
}
