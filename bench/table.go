package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// headings name the groups in the order of the tables.
var headings = []struct{ group, text string }{
	{groupPeak, "Peak: multiply-adds in registers, GFLOP/s"},
	{groupMemory, "Memory: vectors larger than the caches, GB/s read and written"},
	{groupFunction, "Elementary functions in cache, 1e9 elements/s"},
	{groupProduct, "Matrix products, GFLOP/s and part of the peak"},
	{groupStep, "PINN training step, ms and times its arithmetic floor"},
	{groupStencil, "Acoustic waves, 1e9 cells a second, and times the two-pass loops in C or, without a compiler, in Go"},
	{groupSampling, "Points in 10 dimensions, 1e6 coordinates/s, and times the naive way"},
	{groupFit, "Kriging fitted by maximum likelihood, s, and how much faster than the naive way"},
	{groupTasks, "Tasks without work, 1000/s, by workers of one slot, and times one synced write a task"},
	{groupTrip, "One task submitted, run and answered, ms"},
	{groupPredict, "Kriging predicts, 1e6 points/s, and times the naive way"},
}

// WriteTables writes the report for reading: a table for each group, a row for
// each work and number of threads, a column for each level.
func (r *Report) WriteTables(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d threads; a typical timing is %.0f %% over the best\n", r.Platform, r.Go, r.Threads, 100*r.Spread)
	for _, v := range r.Results {
		if v.Group == groupPeak && v.Scaling > 0 && v.Scaling < 0.9*float64(v.Threads) {
			fmt.Fprintf(&b, "%d threads reach %.2f times the peak of one: the machine is busy, or has fewer cores\n", v.Threads, v.Scaling)
			break
		}
	}
	for _, h := range headings {
		if len(r.rows(h.group)) > 0 {
			r.table(&b, h.group, h.text)
		}
	}
	if len(r.Searches) > 0 {
		b.WriteString("\n")
		if err := WriteSearches(&b, r.Searches); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) table(b *strings.Builder, group, heading string) {
	fmt.Fprintf(b, "\n%s\n%-31s %-9s %7s", heading, "", "", "threads")
	for _, level := range r.Levels {
		fmt.Fprintf(b, " %15s", level)
	}
	fmt.Fprintf(b, " %8s %9s\n", "speed-up", "threads/1")
	for _, row := range r.rows(group) {
		fmt.Fprintf(b, "%-31s %-9s %7d", row.Name, row.Precision, row.Threads)
		for _, v := range row.results {
			fmt.Fprintf(b, " %15s", v.cell())
		}
		best := row.results[len(row.results)-1]
		fmt.Fprintf(b, " %8s %9s\n", times(best.SpeedUp), times(best.Scaling))
	}
}

// tableRow holds the results of work that differ in the level only, in the
// order of the levels; nil where there is none.
type tableRow struct {
	Work
	results []*Result
}

func (r *Report) rows(group string) []tableRow {
	var rows []tableRow
	at := map[Work]int{}
	for i := range r.Results {
		v := &r.Results[i]
		if v.Group != group {
			continue
		}
		w := v.Work
		w.Level = ""
		n, ok := at[w]
		if !ok {
			n, at[w] = len(rows), len(rows)
			rows = append(rows, tableRow{w, make([]*Result, len(r.Levels))})
		}
		rows[n].results[slices.Index(r.Levels, v.Level)] = v
	}
	return rows
}

// cell is the value with the ratio that the group has beside it.
func (v *Result) cell() string {
	switch {
	case v == nil:
		return "-"
	case v.OfPeak > 0:
		return fmt.Sprintf("%.4g %6.2f", v.Value, v.OfPeak)
	case v.OverNaive > 0:
		return fmt.Sprintf("%.4g %6.1fx", v.Value, v.OverNaive)
	case v.TimesFloor > 0:
		return fmt.Sprintf("%.4g %6.2f", v.Value, v.TimesFloor)
	}
	return fmt.Sprintf("%.3g", v.Value)
}

// times is a ratio, or nothing where there is none.
func times(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2fx", ratio)
}
