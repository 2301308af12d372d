package jupyter

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// The module that the kernel is built from. To renew it, put gonb.mod and
// gonb.sum as go.mod and go.sum into an empty folder, go get a version there,
// go mod tidy, and bring them back; golang.org/x/tools must be what gopls asks
// for, as they share internal packages.
//
//go:embed build/gonb.mod
var moduleText []byte

//go:embed build/gonb.sum
var sumText []byte

const gonb = "github.com/janpfeifer/gonb"

// GoNB is the version of the kernel.
const GoNB = "v0.11.3"

// programs are built in the order of need.
var programs = []string{gonb, "golang.org/x/tools/cmd/goimports", "golang.org/x/tools/gopls"}

// An amendment changes a file of GoNB while it is compiled; the change is
// refused if old does not stand there exactly once.
type amendment struct{ file, old, new string }

// GoNB takes a cell whose program fails for a success, so that the cells below
// it run all the same; it starts each notebook with an empty module; it links
// what only a debugger reads, which takes a third of the time in which a cell
// starts; it keeps what the compiler says of a cell to the HTML, which is lost where
// a failed notebook is not saved; a signal makes it stop twice, and panic, and gopls
// outlives a kernel that is killed. These few lines change that. What they call is
// in the added files.
var amendments = []amendment{
	{"internal/goexec/execcode.go",
		"	err := jpyexec.New(msg, s.BinaryPath(), args...).\n",
		"	program := jpyexec.New(msg, s.BinaryPath(), args...)\n	err := program.\n"},
	{"internal/goexec/execcode.go",
		"		klog.Infof(\"goexec.Execute(): failed to run the compiled cell: %+v\", msg)\n	}\n	return err\n",
		"		return err\n	}\n	return program.Failure()\n"},
	{"internal/goexec/goexec.go",
		"		return errors.Wrapf(err, \"failed to run %q\", cmd.String())\n	}\n	return nil\n}\n\n// Stop stops gopls",
		"		return errors.Wrapf(err, \"failed to run %q\", cmd.String())\n	}\n	return s.startModule()\n}\n\n// Stop stops gopls"},
	{"internal/goexec/goexec.go",
		"		AutoGet:         true,\n",
		"		AutoGet:         true,\n		GoBuildFlags:    []string{\"-ldflags=-s\"},\n"},
	{"internal/goexec/errorpublish.go",
		"		nbErr.PublishWithHTML(msg)\n		return err\n",
		"		nbErr.PublishWithHTML(msg)\n		return nbErr.tell(err)\n"},
	{"internal/goexec/errorpublish.go",
		"kernel.PublishHtml(msg, htmlReport)",
		"nbErr.publish(msg, htmlReport)"},
	{"internal/goexec/errorpublish.go",
		"	} else {\n		return \"ERROR\", err.Error(),",
		"	} else if text, ok := wasTold(err); ok {\n		return \"ERROR\", text, []string{text}\n	} else {\n		return \"ERROR\", err.Error(),"},
	{"internal/goexec/gonberror.go",
		"	l.Message = matches[5]\n",
		"	l.Message = hinted(matches[5])\n"},
	{"internal/goexec/composer.go", // the lines of functions: a variable was shadowed
		"		tmpCursor, fileToCellIdAndLine := funcDecl.",
		"		var tmpCursor Cursor\n		tmpCursor, fileToCellIdAndLine = funcDecl."},
	{"internal/kernel/kernel.go",
		"	stop chan struct{}\n",
		"	stop     chan struct{}\n	stopOnce sync.Once\n"},
	{"internal/kernel/kernel.go",
		"func (k *Kernel) Stop() {\n",
		"func (k *Kernel) Stop() { k.stopOnce.Do(k.stopNow) }\n\nfunc (k *Kernel) stopNow() {\n"},
	{"internal/dispatcher/dispatcher.go",
		"				case msg := <-ch:\n",
		"				case msg := <-ch:\n					if msg == nil { // closed\n						return\n					}\n"},
	{"internal/goexec/goplsclient/exec.go", // longer than it takes GoNB to connect
		"exec.Command(goplsPath, \"-listen\", addr)",
		"exec.Command(goplsPath, \"-listen\", addr, \"-listen.timeout=30s\")"},
}

//go:embed build/jpyexec.go.txt
var jpyexecText []byte

//go:embed build/goexec.go.txt
var goexecText []byte

//go:embed build/errors.go.txt
var errorsText []byte

var additions = map[string][]byte{
	"internal/jpyexec/ritz.go":       jpyexecText,
	"internal/goexec/ritz.go":        goexecText,
	"internal/goexec/ritz_errors.go": errorsText,
}

// kernelID stands for all that the programs are built from.
func kernelID(goVersion string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s%s%s%s%s%q", goVersion, moduleText, sumText, jpyexecText, goexecText, errorsText, amendments)
	return fmt.Sprintf("gonb-%s-%x", GoNB, h.Sum(nil)[:6])
}

// build builds the programs into the folder to, which appears only when all are
// there.
func build(ctx context.Context, g *goTool, to string) (err error) {
	parent := filepath.Dir(to)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	work, err := os.MkdirTemp(parent, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	for name, text := range map[string][]byte{"go.mod": moduleText, "go.sum": sumText} {
		if err := os.WriteFile(filepath.Join(work, name), text, 0o666); err != nil {
			return err
		}
	}
	if err := amend(ctx, g, work); err != nil {
		return err
	}
	bin := filepath.Join(work, "bin")
	args := append([]string{"build", "-o", bin + string(filepath.Separator)}, programs...)
	if _, err := g.run(ctx, work, args...); err != nil {
		return fmt.Errorf("GoNB cannot be built: %w", err)
	}
	if err := os.Chmod(bin, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil { // left incomplete
		return err
	}
	return os.Rename(bin, to)
}

// amend fetches GoNB into the folder gonb of work, changes it there, and lets
// the module in work use it.
func amend(ctx context.Context, g *goTool, work string) error {
	out, err := g.run(ctx, work, "mod", "download", "-json", gonb)
	if err != nil {
		return fmt.Errorf("GoNB %s cannot be fetched: %w", GoNB, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return fmt.Errorf("go mod download: %w", err)
	}
	source := filepath.Join(work, "gonb")
	if err := os.CopyFS(source, os.DirFS(module.Dir)); err != nil {
		return err
	}
	for _, a := range amendments {
		path := filepath.Join(source, filepath.FromSlash(a.file))
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if n := bytes.Count(text, []byte(a.old)); n != 1 {
			return fmt.Errorf("GoNB %s is not as expected: %q stands %d times in %s", GoNB, a.old, n, a.file)
		}
		if err := os.WriteFile(path, bytes.Replace(text, []byte(a.old), []byte(a.new), 1), 0o666); err != nil {
			return err
		}
	}
	for name, text := range additions {
		if err := os.WriteFile(filepath.Join(source, filepath.FromSlash(name)), text, 0o666); err != nil {
			return err
		}
	}
	_, err = g.run(ctx, work, "mod", "edit", "-replace="+gonb+"=./gonb")
	return err
}
