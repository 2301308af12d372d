package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

const (
	initUsage = "[KIND] [FILE] [--force]"
	initHelp  = `
  KIND     pinn, the default, mapreduce, sample, stencil, surrogate, sweep
  FILE     what is written; default KIND.yaml
  --force  overwrite it

The file is a short job that runs as it stands, to begin with; that of kind
mapreduce gets a table, weather.csv, beside it.`
)

// starters are the job files to begin with, and the tables that they read.
//
//go:embed starters
var starters embed.FS

// starterTables are the tables that the starters of some kinds read, by kind.
var starterTables = map[string]string{"mapreduce": "weather.csv"}

func initJob(_ context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("init", flag.ContinueOnError)
	force := f.Bool("force", false, "")
	names, code := parse(f, args, 2, s)
	if code >= 0 {
		return code
	}
	kind := "pinn"
	if len(names) > 0 {
		kind = names[0]
	}
	if _, ok := references[kind]; !ok {
		return misused("init", s, unknownKind(kind))
	}
	file := kind + ".yaml"
	if len(names) > 1 {
		file = names[1]
	}
	if err := start(kind, file, *force); err != nil {
		return refuse(s, err)
	}
	fmt.Fprintf(s.out, `%s is a job of kind %s to begin with:
  ritz check %s
  ritz run %s
All keys:
  ritz help job %s
For completion and checks in an editor, beside the file:
  ritz schema > ritz.schema.json
`, file, kind, file, file, kind)
	return exitDone
}

// start writes the job file to begin with, and beside it the table that it reads.
func start(kind, file string, force bool) error {
	text, err := starters.ReadFile("starters/" + kind + ".yaml")
	if err != nil {
		return err
	}
	if err := free(file, force); err != nil {
		return err
	}
	if table, ok := starterTables[kind]; ok {
		rows, err := starters.ReadFile("starters/" + table)
		if err != nil {
			return err
		}
		path := filepath.Join(filepath.Dir(file), table)
		if there, err := os.ReadFile(path); err != nil || !bytes.Equal(there, rows) {
			if err := free(path, force); err != nil {
				return err
			}
			if err := atomicfile.Write(path, bytes.NewReader(rows)); err != nil {
				return err
			}
		}
	}
	return atomicfile.Write(file, bytes.NewReader(text))
}

// free tells whether a file may be written: there is none, or it may be overwritten.
func free(file string, force bool) error {
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return err
	}
	switch info, err := os.Lstat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: expected the name of a file", file)
	case !force:
		return fmt.Errorf("%s exists: --force overwrites it", file)
	}
	return nil
}
