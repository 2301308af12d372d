package trial

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the report for reading.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	d := r.Device
	fmt.Fprintf(&b, "%s: %s, %s, driver %s\n", d.ID, d.Name, d.Vendor, d.Driver)
	fmt.Fprintf(&b, "%s, %d units, %d MHz, %.1f GB, %d KB of local memory a group, ritz %s %s\n",
		d.Architecture, d.ComputeUnits, d.Clock, float64(d.Memory)/1e9, d.LocalMemory>>10, r.Ritz, r.System)
	r.printChecks(&b)
	r.printPrograms(&b)
	r.printAgreement(&b)
	r.printTransfer(&b)
	r.printWaves(&b)
	if len(r.Notes) > 0 {
		b.WriteString("\nLeft out\n")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "  %s\n", n)
	}
	if r.Stopped != nil {
		fmt.Fprintf(&b, "\nStopped: %s\n", r.Stopped.Text)
	}
	verdict := "all passed"
	if n := r.faults(); n > 0 {
		verdict = fmt.Sprintf("%d failed", n)
	} else if !r.Passed {
		verdict = "not finished"
	}
	fmt.Fprintf(&b, "\n%s in %.0f s\n", verdict, r.Seconds)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) printChecks(b *strings.Builder) {
	b.WriteString("\nDriver\n")
	for _, c := range r.Checks {
		if c.Fault == nil {
			fmt.Fprintf(b, "  ok    %s\n", c.Name)
		} else {
			fmt.Fprintf(b, "  FAIL  %s: %s\n", c.Name, indent(c.Fault.Text))
		}
	}
}

func (r *Report) printPrograms(b *strings.Builder) {
	if len(r.Programs) == 0 {
		return
	}
	seconds, registers, most, spills := 0.0, -1, "", 0
	for _, p := range r.Programs {
		seconds += p.Seconds
		for _, k := range p.Kernels {
			if k.Registers > registers {
				registers, most = k.Registers, p.name()
			}
			if k.Spill > 0 {
				spills++
			}
		}
	}
	slowest := slices.MaxFunc(r.Programs, func(p, q Program) int { return int(1e6 * (p.Seconds - q.Seconds)) })
	fmt.Fprintf(b, "\nKernels: %d programs compiled in %.1f s, at most %.1f s: %s\n", len(r.Programs), seconds, slowest.Seconds, slowest.name())
	if registers >= 0 {
		fmt.Fprintf(b, "  up to %d registers a work item: %s; %d take memory for registers\n", registers, most, spills)
	}
	for _, p := range r.Programs {
		if p.Fault != nil {
			fmt.Fprintf(b, "  FAIL  %s: %s\n", p.name(), indent(p.Fault.Text))
		}
	}
}

func (p *Program) name() string {
	return strings.Join(append([]string{p.Source, p.Precision}, p.Defines...), " ")
}

// indent makes a text of several lines one paragraph of a list.
func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ")
}

// table writes rows for schemes and precisions, columns for orders.
func table[T any](b *strings.Builder, list []T, row func(*T) string, order func(*T) int, cell func([]*T) string) {
	var rows []string
	var orders []int
	cells := map[string]map[int][]*T{}
	for i := range list {
		v := &list[i]
		r, o := row(v), order(v)
		if cells[r] == nil {
			cells[r] = map[int][]*T{}
			rows = append(rows, r)
		}
		if !slices.Contains(orders, o) {
			orders = append(orders, o)
		}
		cells[r][o] = append(cells[r][o], v)
	}
	slices.Sort(orders)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "  \t\t\t")
	for _, o := range orders {
		fmt.Fprintf(w, "order %d\t", o)
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		fmt.Fprintf(w, "  %s\t", r)
		for _, o := range orders {
			fmt.Fprintf(w, "%s\t", cell(cells[r][o]))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
}

func (r *Report) printAgreement(b *strings.Builder) {
	if len(r.Agreement) == 0 {
		return
	}
	fmt.Fprintf(b, "\nAgreement with the CPU after %d steps: largest difference, relative; up to %g in float32, %g in float64\n",
		steps, tolerance(false), tolerance(true))
	table(b, r.Agreement,
		func(a *Agreement) string { return a.Scheme + "\t" + a.Precision },
		func(a *Agreement) int { return a.Order },
		func(list []*Agreement) string {
			worst, failed := 0.0, ""
			for _, a := range list {
				worst = max(worst, a.Difference)
				if !a.Passed {
					failed = "FAIL "
				}
			}
			return fmt.Sprintf("%s%.1e", failed, worst)
		})
	for _, a := range r.Agreement {
		if !a.Passed {
			why := fmt.Sprintf("difference %.3g", a.Difference)
			if a.Fault != nil {
				why = a.Fault.Text
			}
			fmt.Fprintf(b, "  FAIL  %s, order %d, %s, %s on %d x %d points: %s\n", a.Scheme, a.Order, a.Precision, a.Case, a.Nx, a.Ny, indent(why))
		}
	}
}

func (r *Report) printTransfer(b *strings.Builder) {
	t := r.Transfer
	if t == nil {
		return
	}
	fmt.Fprintf(b, "\nMemory, GB/s: copy %.4g, update %.4g, to the device %.3g, back %.3g\n", t.Copy, t.Update, t.Up, t.Down)
	fmt.Fprintf(b, "Launches, µs: %.3g each, %.3g until the call returns, %.3g until one has run\n", t.Launch, t.Call, t.Round)
	if t.Fault != nil {
		fmt.Fprintf(b, "  FAIL  %s\n", indent(t.Fault.Text))
	}
}

func (r *Report) printWaves(b *strings.Builder) {
	if len(r.Waves) == 0 {
		return
	}
	b.WriteString("\nAcoustic waves, 1e9 cells a second, and the effective bandwidth over that of a copy\n")
	table(b, r.Waves,
		func(w *Wave) string { return fmt.Sprintf("%s\t%s\t%d²", w.Scheme, w.Precision, w.N) },
		func(w *Wave) int { return w.Order },
		func(list []*Wave) string {
			if len(list) == 0 {
				return "-"
			}
			if list[0].Fault != nil {
				return "FAIL"
			}
			return fmt.Sprintf("%.3g (%.2f)", list[0].GCells, list[0].OfCopy)
		})
	for _, w := range r.Waves {
		if w.Fault != nil {
			fmt.Fprintf(b, "  FAIL  %s, order %d, %s on %d² points: %s\n", w.Scheme, w.Order, w.Precision, w.N, indent(w.Fault.Text))
		}
	}
}
