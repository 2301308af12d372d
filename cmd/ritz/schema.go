package main

import (
	"context"
	"flag"

	"github.com/seed-0772dd2d/ritz/internal/jobschema"
)

const (
	schemaUsage = "[KIND]"
	schemaHelp  = `
KIND is mapreduce, pinn, sample, stencil, surrogate or sweep; default: all of
them, told apart by the key kind. With

  ritz schema > ritz.schema.json

and this first line of a job file, VS Code (extension YAML) and other editors with
the YAML language server complete keys, explain them and mark misspelt ones:

  # yaml-language-server: $schema=ritz.schema.json

It is a JSON schema, draft 2020-12.`
)

func printSchema(_ context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("schema", flag.ContinueOnError)
	kinds, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	kind := ""
	if len(kinds) > 0 {
		kind = kinds[0]
	}
	text, err := jobschema.JSON(kind)
	if err != nil {
		return misused("schema", s, err.Error())
	}
	s.out.Write(text) // run tells what cannot be written
	return exitDone
}
