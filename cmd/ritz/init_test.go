package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/jobschema"
)

// The file that ritz init writes passes ritz check without a warning, and the schema;
// the commands that it prints work, to a result that is right.
func TestInit(t *testing.T) {
	for kind, check := range map[string]func(t *testing.T, dir string, r object){
		"pinn": func(t *testing.T, dir string, r object) {
			e := r["errors"].(object)["u"].(object)["relative_l2"].(float64)
			assert.Less(t, e, 2e-3) // of the solution on 101 x 101 points
			assert.Greater(t, e, 1e-8)
		},
		"surrogate": func(t *testing.T, dir string, r object) {
			assert.Less(t, r["models"].(object)["kriging"].(object)["rmse"], 1.0)
			assert.InDelta(t, 0.397887, r["optimum"].(object)["y"], 0.01) // the least value of Branin's function
		},
		"sample": func(t *testing.T, dir string, r object) {
			f, err := os.Open(filepath.Join(dir, "points.csv"))
			require.NoError(t, err)
			defer f.Close()
			rows, err := csv.NewReader(f).ReadAll()
			require.NoError(t, err)
			assert.Len(t, rows, 1+128)
			assert.Equal(t, []string{"length", "load", "stiffness"}, rows[0])
		},
		"stencil": func(t *testing.T, dir string, r object) {
			assert.FileExists(t, filepath.Join(dir, "animation.gif"))
			assert.FileExists(t, filepath.Join(dir, "seismogram_pressure.png"))
			assert.Greater(t, r["steps"], 500.0)
		},
		"sweep": func(t *testing.T, dir string, r object) {
			assert.Len(t, r["runs"], 9)
			best := r["best"].(object)
			assert.Equal(t, 64.0, best["parameters"].(object)["sample.n"])
			assert.Less(t, best["criterion"], 0.2)
		},
		"mapreduce": func(t *testing.T, dir string, r object) {
			text, err := os.ReadFile(filepath.Join(dir, "groups.csv"))
			require.NoError(t, err)
			assert.Regexp(t, `(?m)^hill,2,3,0,859\.739\d*,1\.5,.*weather\.csv,13,58$`, string(text))
			assert.Equal(t, 4.0, r["groups"])
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Chdir(t.TempDir())
			code, stdout, stderr := ritz("init", kind)
			require.Equal(t, 0, code, stderr)
			file := kind + ".yaml"
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(string(text), "# yaml-language-server: $schema=ritz.schema.json "))
			assert.LessOrEqual(t, bytes.Count(text, []byte("\n")), 26)
			v, err := yaml.YAMLToJSON(text)
			require.NoError(t, err)
			for _, k := range []string{"", kind} {
				assert.NoError(t, printedSchema(t, k).Validate(document(t, v)))
			}

			commands := regexp.MustCompile(`(?m)^  ritz (.*)$`).FindAllStringSubmatch(stdout, -1)
			require.Len(t, commands, 4, stdout)
			code, _, stderr = ritz(strings.Fields(commands[0][1])...) // check
			require.Equal(t, 0, code, stderr)
			assert.Empty(t, stderr)
			code, _, stderr = ritz(append(strings.Fields(commands[1][1]), "--threads", "1")...) // run
			require.Equal(t, 0, code, stderr)
			assert.NotContains(t, stderr, "warning")
			runs, err := filepath.Glob("runs/*")
			require.NoError(t, err)
			require.Len(t, runs, 1)
			check(t, runs[0], result(t, runs[0]))
			code, reference, _ := ritz(strings.Fields(commands[2][1])...) // help job
			assert.Equal(t, 0, code)
			assert.Contains(t, reference, "\nkind: "+kind+" ")
			assert.Equal(t, "schema > ritz.schema.json", commands[3][1])
		})
	}
}

func TestInitFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.Mkdir("jobs", 0o777))
	require.NoError(t, os.WriteFile("mine.yaml", []byte("mine"), 0o666))
	for _, c := range []struct {
		args string
		code int
		want string // in the output, or the error
	}{
		{"init", 0, "  ritz check pinn.yaml\n  ritz run pinn.yaml\n"},
		{"init", 2, "ritz: pinn.yaml exists: --force overwrites it\n"},
		{"init pinn", 2, "pinn.yaml exists"},
		{"init pinn mine.yaml", 2, "mine.yaml exists"},
		{"init --force sample pinn.yaml", 0, "pinn.yaml is a job of kind sample"},
		{"init pinn jobs", 2, "jobs is a folder: expected the name of a file"},
		{"init pinn jobs --force", 2, "jobs is a folder"},
		{"init pinn none/a.yaml", 2, "none"},
		{"init pinn mine.yaml/a.yaml", 2, "mine.yaml"},
		{"init pin", 2, `ritz init: unknown kind "pin": there are mapreduce, pinn, sample, stencil, surrogate, sweep` + "\nusage: ritz init [KIND] [FILE] [--force]\n"},
		{"init pinn a b", 2, `unexpected argument "b"`},
		{"init --fast", 2, "flag provided but not defined: -fast"},
		{"init mapreduce jobs/a.yaml", 0, "ritz run jobs/a.yaml"},
		{"init mapreduce jobs/b.yaml", 0, "ritz run jobs/b.yaml"}, // of the same table
	} {
		code, stdout, stderr := ritz(strings.Fields(c.args)...)
		require.Equal(t, c.code, code, "%s: %s", c.args, stderr)
		if code == 0 {
			assert.Contains(t, stdout, c.want)
			assert.Empty(t, stderr)
		} else {
			assert.Contains(t, stderr, c.want)
			assert.Empty(t, stdout)
		}
	}
	assert.Equal(t, []string{"jobs", "mine.yaml", "pinn.yaml"}, files(t, "."))
	assert.Equal(t, []string{"a.yaml", "b.yaml", "weather.csv"}, files(t, "jobs"))
	text, err := os.ReadFile("mine.yaml")
	require.NoError(t, err)
	assert.Equal(t, "mine", string(text))
	text, err = os.ReadFile("pinn.yaml")
	require.NoError(t, err)
	assert.Contains(t, string(text), "\nkind: sample\n")

	// A table of another content stays, and nothing is written.
	require.NoError(t, os.WriteFile("jobs/weather.csv", []byte("mine"), 0o666))
	code, _, stderr := ritz("init", "mapreduce", "jobs/c.yaml")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, filepath.Join("jobs", "weather.csv")+" exists")
	assert.NoFileExists(t, "jobs/c.yaml")
	code, _, _ = ritz("init", "mapreduce", "jobs/c.yaml", "--force")
	assert.Equal(t, 0, code)
	text, err = os.ReadFile("jobs/weather.csv")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(text), "station,day,"))
}

func document(t *testing.T, text []byte) any {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return v
}

// printedSchema compiles what ritz schema prints.
func printedSchema(t *testing.T, kind string) *jsonschema.Schema {
	code, stdout, stderr := ritz(strings.Fields("schema " + kind)...)
	require.Equal(t, 0, code, stderr)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("ritz.schema.json", document(t, []byte(stdout))))
	s, err := c.Compile("ritz.schema.json")
	require.NoError(t, err)
	return s
}

func TestSchema(t *testing.T) {
	pinn := object{"ritz": 1.0, "kind": "pinn", "domain": object{"x": []any{0.0, 1.0}}, "fields": []any{"u"}, "equations": []any{"u_x = 1"}}
	for _, kind := range append([]string{""}, jobschema.Kinds...) {
		if s := printedSchema(t, kind); kind == "" || kind == "pinn" {
			assert.NoError(t, s.Validate(pinn), kind)
		} else {
			assert.Error(t, s.Validate(pinn), kind)
		}
	}
	pinn["netwrk"] = object{}
	assert.ErrorContains(t, printedSchema(t, "").Validate(pinn), "netwrk")
	code, stdout, stderr := ritz("schema", "pin")
	assert.Equal(t, 2, code)
	assert.Empty(t, stdout)
	assert.Equal(t, "ritz schema: unknown kind \"pin\": there are mapreduce, pinn, sample, stencil, surrogate, sweep\nusage: ritz schema [KIND]\n", stderr)
	code, _, _ = ritz("schema", "pinn", "sample")
	assert.Equal(t, 2, code)
}
