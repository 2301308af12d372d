// Command gen writes the assembly of package simd: the vector kernels for AVX2
// with FMA and for AVX-512, float64 and float32, and the declarations that make
// them Go functions. Run it by go generate in the package's folder.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// families are the kernels by the file they are written to.
var families = []struct {
	name     string
	generate func(isa)
}{
	{"product", isa.product},
	{"gradient", isa.gradient},
	{"vector", isa.vector},
	{"elementary", isa.elementary},
	{"taylor", isa.taylor},
	{"wave", isa.wave},
	{"measure", isa.measure},
}

func main() {
	log.SetFlags(0)
	folder := "."
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	for _, avx512 := range []bool{false, true} {
		if err := write(folder, avx512); err != nil {
			log.Fatal(err)
		}
	}
}

// write generates one file of assembly for each family and one of declarations.
func write(folder string, avx512 bool) error {
	cfg := printer.Config{Name: "internal/simd/gen", Pkg: "simd"}
	level := "avx2"
	if avx512 {
		level = "avx512"
	}
	all := ir.NewFile()
	for _, f := range families {
		ctx := build.NewContext()
		ctx.ConstraintExpr("amd64")
		for _, single := range []bool{false, true} {
			f.generate(newISA(ctx, avx512, single))
		}
		file, err := ctx.Result()
		if err != nil {
			return fmt.Errorf("%s %s: %w", level, f.name, err)
		}
		if err := pass.Compile.Execute(file); err != nil {
			return fmt.Errorf("%s %s: %w", level, f.name, err)
		}
		if err := print(printer.NewGoAsm(cfg), file, folder, f.name+"_"+level+"_amd64.s"); err != nil {
			return err
		}
		all.Constraints = file.Constraints
		all.Sections = append(all.Sections, file.Sections...)
	}
	return print(printer.NewStubs(cfg), all, folder, "stubs_"+level+"_amd64.go")
}

// highRegister are the vector registers that only AVX-512 has: too many in use
// would otherwise pass unnoticed, for the assembler takes them.
var highRegister = regexp.MustCompile(`\b(K\d|Z\d+|[XY](1[6-9]|[23]\d))\b`)

func print(p printer.Printer, file *ir.File, folder, name string) error {
	text, err := p.Print(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if r := highRegister.Find(text); r != nil && !strings.Contains(name, "avx512") {
		return fmt.Errorf("%s: register %s exists with AVX-512 only", name, r)
	}
	return os.WriteFile(filepath.Join(folder, name), text, 0o644)
}
