package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"text/tabwriter"

	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/jupyter"
)

const (
	jupyterUsage = "setup [--threads N] [--prefix DIR] [--name NAME]\n       ritz jupyter status [--prefix DIR]\n       ritz jupyter remove [--prefix DIR]"
	jupyterHelp  = `
  setup            build the Go kernel GoNB with the Go that is on PATH, unless it
                   has been built, and install the kernel "Go (ritz)". Notebooks
                   import ritz at the version of this program, or from the
                   checkout of ritz in which setup is called
  status           list the kernels that are installed; the exit code is 1 if there
                   are none
  remove           remove them

  --threads N      install also "Go (ritz, N threads)", whose cells use N cores
  --prefix DIR     in DIR/share/jupyter, for all users of a Jupyter, such as that
                   of a virtual environment; default the folder of the user
  --name NAME      the name of the kernel; default ritz

It needs Go ` + jupyter.MinGo + ` or newer and Jupyter, and tells how to install what is missing.
The kernel runs on Linux and macOS.`
)

func runJupyter(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("jupyter", flag.ContinueOnError)
	o := jupyter.Settings{Release: job.Version, Log: s.err}
	f.IntVar(&o.Threads, "threads", 0, "")
	f.StringVar(&o.Prefix, "prefix", "", "")
	f.StringVar(&o.Name, "name", "", "")
	words, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if given["threads"] && o.Threads < 1 {
		return misused("jupyter", s, fmt.Sprintf("--threads %d: expected 1 or more", o.Threads))
	}
	word := ""
	if len(words) == 1 {
		word = words[0]
	}
	if word != "setup" && (given["threads"] || given["name"]) {
		return misused("jupyter", s, "--threads and --name are for setup")
	}
	switch word {
	case "setup":
		return setupJupyter(ctx, o, s)
	case "status":
		return showJupyter(ctx, o, s)
	case "remove":
		return removeJupyter(ctx, o, s)
	case "":
		return misused("jupyter", s, "expected setup, status or remove")
	}
	return misused("jupyter", s, fmt.Sprintf("unknown command %q: expected setup, status or remove", word))
}

// refuseJupyter prints an error: of what is missing, or of the work.
func refuseJupyter(err error, s streams) int {
	if errors.Is(err, jupyter.ErrMissing) || errors.Is(err, jupyter.ErrSettings) {
		return refuse(s, err)
	}
	fmt.Fprintln(s.err, "ritz:", err)
	return exitFailed
}

func setupJupyter(ctx context.Context, o jupyter.Settings, s streams) int {
	specs, err := jupyter.Setup(ctx, o)
	if err != nil {
		return refuseJupyter(err, s)
	}
	for _, spec := range specs {
		fmt.Fprintf(s.out, "installed %s in %s\n", spec.Title, spec.Folder)
	}
	fmt.Fprintln(s.out, "start with: jupyter lab")
	return exitDone
}

func showJupyter(ctx context.Context, o jupyter.Settings, s streams) int {
	specs, data, err := jupyter.Installed(ctx, o)
	if err != nil {
		return refuseJupyter(err, s)
	}
	if len(specs) == 0 {
		fmt.Fprintf(s.err, "ritz: no kernel of ritz in %s: see ritz help jupyter\n", data)
		return exitFailed
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KERNEL\tTITLE\tRITZ\tFROM\tFOLDER")
	for _, spec := range specs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", spec.Name, spec.Title, spec.Version, spec.Source, spec.Folder)
	}
	w.Flush()
	return exitDone
}

func removeJupyter(ctx context.Context, o jupyter.Settings, s streams) int {
	specs, err := jupyter.Remove(ctx, o)
	if err != nil {
		return refuseJupyter(err, s)
	}
	for _, spec := range specs {
		fmt.Fprintf(s.out, "removed %s from %s\n", spec.Title, spec.Folder)
	}
	return exitDone
}
