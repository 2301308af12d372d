package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/sampling"
)

const (
	sampleUsage = "METHOD -n N [-d D] [--lower A,B,... --upper C,D,...] [-o FILE]"
	sampleHelp  = `
METHOD is sobol, halton, lhs (Latin hypercube), lattice (rank 1), kronecker,
poisson (disks), grid or random.

  -n N              number of points; not of poisson, nor of grid with --levels
  -d D              dimension; default that of the bounds, else 1
  --lower, --upper  the box, a number for each dimension or one for all;
                    default the unit cube
  -o FILE           FILE.csv or FILE.npy; default CSV to standard output
  --format F        csv or npy, whatever FILE is called; - is standard output
  --seed S          of what is random; default 1
  --discrepancy     print how evenly the points are spread in the unit cube;
                    without -o instead of the points
  --threads N       for that; default all cores

  --scramble W      sobol: owen, linear, rotation; halton: permutation,
                    rotation; lattice, kronecker: rotation
  --skip K          leave out the first K points: sobol, halton, kronecker
  --leap L          take every L-th point: halton
  --centred         points in the middle of their strata: lhs
  --optimise C      maximin or discrepancy: lhs
  --exchanges E     how many are tried to that end; default 100 n d, at most 1e8/n
  --levels A,B,...  points on each axis: grid
  --midpoints       in the middle of equal cells, not from side to side: grid
  --radius R        smallest distance of two points in the unit cube: poisson

The same with distributions as inputs: a job of kind sample, see
"ritz help job sample".`
)

func sample(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("sample", flag.ContinueOnError)
	var plan sampling.Plan
	f.IntVar(&plan.N, "n", 0, "")
	f.IntVar(&plan.Skip, "skip", 0, "")
	f.StringVar((*string)(&plan.Scramble), "scramble", "", "")
	f.Uint64Var(&plan.Seed, "seed", 1, "")
	f.IntVar(&plan.Leap, "leap", 0, "")
	f.BoolVar(&plan.Centred, "centred", false, "")
	f.StringVar((*string)(&plan.Optimise), "optimise", "", "")
	f.IntVar(&plan.Exchanges, "exchanges", 0, "")
	f.BoolVar(&plan.Midpoints, "midpoints", false, "")
	f.Float64Var(&plan.Radius, "radius", 0, "")
	var lower, upper, levels numbers
	f.Var(&lower, "lower", "")
	f.Var(&upper, "upper", "")
	f.Var(&levels, "levels", "")
	dim := f.Int("d", 0, "")
	out := f.String("o", "-", "")
	format := f.String("format", "", "")
	discrepancy := f.Bool("discrepancy", false, "")
	threads := f.Int("threads", 0, "")
	method, code := parse(f, args, 1, s)
	switch {
	case code >= 0:
		return code
	case len(method) == 0:
		return misused("sample", s, "no method: one of "+strings.Join(sampling.Methods(), ", "))
	}
	plan.Method = method[0]
	for _, l := range levels {
		if l != math.Trunc(l) || !(math.Abs(l) < 1e9) {
			return misused("sample", s, fmt.Sprintf("%g levels on an axis", l))
		}
		plan.Levels = append(plan.Levels, int(l))
	}
	d, err := dimension(*dim, lower, upper, levels)
	if err == nil {
		lower, upper, err = box(d, lower, upper)
	}
	if err == nil {
		*format, err = pointsFormat(*format, *out)
	}
	if err != nil {
		return misused("sample", s, err.Error())
	}
	x, err := plan.Points(d)
	if err != nil {
		return refuse(s, err)
	}
	if *discrepancy {
		if err := judge(ctx, s.out, x, d, *threads); err != nil {
			fmt.Fprintln(s.err, "ritz:", err)
			return exitFailed
		}
		if *out == "-" {
			return exitDone
		}
	}
	if err := sampling.Scale(x, lower, upper); err != nil {
		return refuse(s, err)
	}
	if err := writePoints(s.out, *out, *format, x, d); err != nil && *out != "-" { // of standard output the caller tells
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	return exitDone
}

// numbers is a flag of numbers that are separated by commas.
type numbers []float64

func (n *numbers) String() string { return fmt.Sprint(*n) }
func (n *numbers) Set(s string) error {
	*n = nil
	for field := range strings.SplitSeq(s, ",") {
		x, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", field)
		}
		*n = append(*n, x)
	}
	return nil
}

// dimension is the number that is given, or that of the longest list.
func dimension(given int, lists ...numbers) (int, error) {
	longest := 1
	for _, l := range lists {
		longest = max(longest, len(l))
	}
	switch {
	case given == 0:
		return longest, nil
	case given < 0:
		return 0, fmt.Errorf("dimension %d is less than 1", given)
	case longest > given:
		return 0, fmt.Errorf("%d numbers for the axes of dimension %d", longest, given)
	}
	return given, nil
}

// box returns the bounds of every dimension.
func box(dim int, lower, upper numbers) (lo, hi numbers, err error) {
	spread := func(name string, n numbers, def float64) numbers {
		switch {
		case len(n) == 0:
			return slices.Repeat(numbers{def}, dim)
		case len(n) == 1:
			return slices.Repeat(n, dim)
		case len(n) != dim && err == nil:
			err = fmt.Errorf("%d numbers in --%s for dimension %d", len(n), name, dim)
		}
		return n
	}
	lo, hi = spread("lower", lower, 0), spread("upper", upper, 1)
	if err != nil {
		return nil, nil, err
	}
	for j := range dim {
		if !(lo[j] < hi[j]) {
			return nil, nil, fmt.Errorf("bounds of dimension %d: expected lower < upper, got %g and %g", j+1, lo[j], hi[j])
		}
	}
	return lo, hi, nil
}

// pointsFormat is the format that is asked for, or that of the file's name.
func pointsFormat(format, file string) (string, error) {
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
		if file == "-" {
			format = "csv"
		}
	}
	if format != "csv" && format != "npy" {
		return "", fmt.Errorf("points are written as csv or npy, not %q: say which with --format", format)
	}
	return format, nil
}

// judge prints the discrepancies of unit points.
func judge(ctx context.Context, w io.Writer, x []float64, dim, threads int) error {
	for _, k := range sampling.Discrepancies() {
		v, err := k.Of(ctx, x, dim, threads)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-16s %.17g\n", k, v)
	}
	v, err := sampling.MinDistance(ctx, x, dim, threads)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%-16s %.17g\n", "min_distance", v)
	return nil
}

// writePoints writes points with the columns x1, x2, ... to a file, whole or
// not at all, or to standard output.
func writePoints(stdout io.Writer, file, format string, x []float64, dim int) error {
	names := make([]string, dim)
	for j := range names {
		names[j] = "x" + strconv.Itoa(j+1)
	}
	if file == "-" {
		return job.WritePoints(stdout, format, names, x)
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(job.WritePoints(out, format, names, x)) }()
	err := atomicfile.Write(file, in)
	in.Close()
	return err
}
