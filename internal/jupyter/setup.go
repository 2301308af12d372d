package jupyter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Settings say where kernels go and what they are.
type Settings struct {
	// Prefix puts the kernels under PREFIX/share/jupyter, for all who use that
	// Jupyter; default where the user's own kernels are.
	Prefix string
	// Name is the folder of the kernel spec, and stands in its title; default
	// "ritz".
	Name string
	// Threads, if positive, adds a kernel whose cells use so many cores.
	Threads int
	// Release is the version of this program.
	Release string
	// Log is told what goes on, a line at a time.
	Log io.Writer
}

// ErrSettings is the error for settings that are not possible.
var ErrSettings = errors.New("jupyter: invalid settings")

func (s *Settings) check() error {
	if s.Name == "" {
		s.Name = "ritz"
	}
	if !specName.MatchString(s.Name) {
		return fmt.Errorf("%w: the name of a kernel has small letters, digits, '.', '_' and '-', not %q", ErrSettings, s.Name)
	}
	if s.Threads < 0 {
		return fmt.Errorf("%w: %d threads: expected 1 or more", ErrSettings, s.Threads)
	}
	return nil
}

// Setup builds GoNB, unless that has been done, and writes the kernel specs. It
// may be called again at any time. What must be installed first is told all at
// once, in an error that is ErrMissing; a folder that cannot be written is found
// before anything is built.
func Setup(ctx context.Context, s Settings) ([]Spec, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	data, noJupyter := s.dataFolder(ctx)
	g, noGo := findGo(ctx)
	if err := errors.Join(supported(), noJupyter, noGo); err != nil {
		return nil, err
	}
	specs := []Spec{specFor(data, s.Name, 0)}
	if s.Threads > 0 {
		specs = append(specs, specFor(data, s.Name, s.Threads))
	}
	for _, spec := range specs {
		if err := writable(spec.Folder); err != nil {
			return nil, fmt.Errorf("the kernel cannot be installed in %s: %w", spec.Folder, err)
		}
	}
	programs := filepath.Join(data, "ritz")
	if err := writable(programs); err != nil {
		return nil, fmt.Errorf("the programs of the kernel cannot be installed in %s: %w", programs, err)
	}
	from, err := findSource(".", s.Release)
	if err != nil {
		return nil, err
	}

	bin := filepath.Join(programs, kernelID(g.version))
	if _, err := os.Stat(filepath.Join(bin, "gopls")); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(s.Log, "building the Go kernel, GoNB %s, with %s: a minute or two, this once\n", GoNB, g.version)
		if err := build(ctx, g, bin); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	fmt.Fprintf(s.Log, "compiling ritz for notebooks: %s\n", from)
	start, err := notebookModule(ctx, g, from)
	if err != nil {
		return nil, err
	}
	for i := range specs {
		specs[i].Source, specs[i].Version = from.String(), s.Release
		if err := start.write(specs[i].module()); err != nil {
			return nil, err
		}
		if err := copySelf(specs[i].bin()); err != nil {
			return nil, err
		}
		if err := specs[i].write(bin, g); err != nil {
			return nil, err
		}
	}
	return specs, nil
}

// supported tells where the kernel runs.
func supported() error {
	if runtime.GOOS == "windows" {
		return fmt.Errorf("%w: Linux or macOS: the Go kernel does not run on Windows itself, but in the Windows Subsystem for Linux", ErrMissing)
	}
	return nil
}

// dataFolder is the folder with the kernels.
func (s Settings) dataFolder(ctx context.Context) (string, error) {
	folder, err := jupyterData(ctx)
	if err != nil {
		return "", err
	}
	if s.Prefix != "" {
		folder = filepath.Join(s.Prefix, "share", "jupyter")
	}
	return filepath.Abs(folder)
}

// jupyterData asks Jupyter for the user's data folder.
func jupyterData(ctx context.Context) (string, error) {
	var faults []string
	for _, command := range [][]string{{"jupyter"}, {"python3", "-m", "jupyter"}, {"python", "-m", "jupyter"}} {
		if _, err := exec.LookPath(command[0]); err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, command[0], append(command[1:], "--data-dir")...).Output()
		folder := string(bytes.TrimSpace(out))
		if err == nil && filepath.IsAbs(folder) {
			return folder, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if command[0] == "jupyter" {
			faults = append(faults, fmt.Sprintf(" (jupyter --data-dir: %v)", cmpError(err, folder)))
		}
	}
	return "", fmt.Errorf("%w: Jupyter: neither the program jupyter nor python3 -m jupyter works%s; install it with\n    python3 -m pip install jupyterlab", ErrMissing, strings.Join(faults, ""))
}

func cmpError(err error, said string) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("it says %q", said)
}

// writable makes the folder and tries to write there.
func writable(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, ".try-")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

// copySelf lets cells find this program in bin. It is a copy: a link would dangle
// when go takes away what go run has built, and would let cells call another
// version than the one that they import.
func copySelf(bin string) error {
	if err := os.MkdirAll(bin, 0o777); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fresh := filepath.Join(bin, ".ritz-new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := copyProgram(self, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, filepath.Join(bin, "ritz"))
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o777)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// Built tells whether the programs of the kernel are there already, so that
// Setup is a matter of seconds. What is missing is an error that is ErrMissing.
func Built(ctx context.Context, s Settings) (bool, error) {
	data, noJupyter := s.dataFolder(ctx)
	g, noGo := findGo(ctx)
	if err := errors.Join(supported(), noJupyter, noGo); err != nil {
		return false, err
	}
	_, err := os.Stat(filepath.Join(data, "ritz", kernelID(g.version), "gopls"))
	return err == nil, nil
}

// Installed lists the kernels of ritz in the data folder that the settings
// name, which it returns too.
func Installed(ctx context.Context, s Settings) (specs []Spec, data string, err error) {
	if data, err = s.dataFolder(ctx); err != nil {
		return nil, "", err
	}
	specs, err = ours(data)
	return specs, data, err
}

// Remove removes the kernels of ritz and their programs, and returns what it
// has removed.
func Remove(ctx context.Context, s Settings) ([]Spec, error) {
	specs, data, err := Installed(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, spec := range specs {
		if err := os.RemoveAll(spec.Folder); err != nil {
			return nil, err
		}
	}
	return specs, os.RemoveAll(filepath.Join(data, "ritz"))
}
