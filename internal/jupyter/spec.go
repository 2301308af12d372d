package jupyter

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

//go:embed logo.svg
var logo []byte

var specName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// Spec is a kernel as Jupyter offers it.
type Spec struct {
	Name    string // of its folder
	Title   string // "Go (ritz, 4 threads)"
	Folder  string
	Threads int // processor cores that cells may use; 0: all
	Source  string
	Version string // of ritz
}

// kernelFile is kernel.json: https://jupyter-client.readthedocs.io, Kernel specs.
type kernelFile struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      struct {
		Ritz *specOrigin `json:"ritz,omitempty"` // tells our specs from those of others
	} `json:"metadata"`
}

type specOrigin struct {
	Version string `json:"version"`
	Source  string `json:"source"`
	Threads int    `json:"threads"`
}

// specFor names a kernel after its base name and threads.
func specFor(data, name string, threads int) Spec {
	s := Spec{Name: name, Title: "Go (" + name + ")", Threads: threads}
	if threads > 0 {
		s.Name = fmt.Sprintf("%s-%d-threads", name, threads)
		s.Title = fmt.Sprintf("Go (%s, %d threads)", name, threads)
		if threads == 1 {
			s.Name, s.Title = name+"-1-thread", "Go ("+name+", 1 thread)"
		}
	}
	s.Folder = filepath.Join(data, "kernels", s.Name)
	return s
}

// module is the folder with the go.mod and go.sum of new notebooks.
func (s Spec) module() string { return filepath.Join(s.Folder, "module") }

// bin is the folder in which cells find ritz.
func (s Spec) bin() string { return filepath.Join(s.Folder, "bin") }

// write writes the spec of a kernel that was built into the folder programs.
// Cells find Go also when Jupyter is started without it on PATH.
func (s Spec) write(programs string, g *goTool) error {
	path := []string{s.bin(), programs, filepath.Dir(g.path), "${PATH}"} // Jupyter puts in its own
	k := kernelFile{
		Argv: []string{
			filepath.Join(programs, "gonb"), "--kernel", "{connection_file}",
			// GoNB logs each cell, and one error at every start.
			"-logtostderr=false", "-log_file=" + os.DevNull, "-stderrthreshold=FATAL",
		},
		DisplayName:   s.Title,
		Language:      "go",
		InterruptMode: "message",
		Env: map[string]string{
			"PATH":        strings.Join(path, string(filepath.ListSeparator)),
			"RITZ_MODULE": s.module(),
		},
	}
	if s.Threads > 0 {
		k.Env["GOMAXPROCS"] = strconv.Itoa(s.Threads)
	}
	k.Metadata.Ritz = &specOrigin{Version: s.Version, Source: s.Source, Threads: s.Threads}
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.Folder, "logo-svg.svg"), logo, 0o666); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(s.Folder, "kernel.json"), bytes.NewReader(append(text, '\n')))
}

// ours lists the specs of ritz in a data folder.
func ours(data string) ([]Spec, error) {
	entries, err := os.ReadDir(filepath.Join(data, "kernels"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var specs []Spec
	for _, e := range entries {
		folder := filepath.Join(data, "kernels", e.Name())
		text, err := os.ReadFile(filepath.Join(folder, "kernel.json"))
		var k kernelFile
		if err != nil || json.Unmarshal(text, &k) != nil || k.Metadata.Ritz == nil {
			continue
		}
		o := k.Metadata.Ritz
		specs = append(specs, Spec{e.Name(), k.DisplayName, folder, o.Threads, o.Source, o.Version})
	}
	return specs, nil
}
