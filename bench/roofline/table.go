package roofline

import (
	"fmt"
	"io"
	"strings"
)

// WriteTables writes what the schemes cost, what the cards hold of their kernels and the
// rates that follow, in Markdown.
func WriteTables(w io.Writer) error {
	kernels, err := readKernels(kernelsCSV)
	if err != nil {
		return err
	}
	var b strings.Builder
	writeCards(&b)
	all := Schemes()
	writeCosts(&b, all)
	for _, double := range []bool{false, true} {
		if err := writeRates(&b, all, kernels, double); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func writeCards(b *strings.Builder) {
	b.WriteString("What vendors say of the cards:\n\n" +
		"| | memory, GB/s | float32, TFLOP/s | float64 | units | GHz | first cache, local memory, bytes a clock and unit | from |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, c := range Cards {
		fmt.Fprintf(b, "| %s | %.4g | %.3g | %.3g | %d | %.3g | %.3g, %.3g | %s |\n",
			c.Name, c.Memory, 2*c.Single/1000, 2*c.Double/1000, c.Units, c.Clock, c.Cache, c.Local, c.Source)
	}
	b.WriteString("\n")
}

// writeCosts writes the costs, which are those of single precision: of double, the tiles are
// the same and numbers twice as long.
func writeCosts(b *strings.Builder, all []Scheme) {
	b.WriteString("For a cell and a step, uniform medium (varying medium):\n\n" +
		"| | numbers from and to memory | numbers loaded from the first cache | from and to local memory | instructions | flops a byte, float32 |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for i, s := range all {
		if s.Double || s.Medium {
			continue
		}
		c, m := s.cost(), all[i+1].cost()
		words := fmt.Sprintf("%.3g (%.3g)", c.Least, m.Least)
		if c.Most > c.Least {
			words = fmt.Sprintf("%.3g to %.3g (%.3g to %.3g)", c.Least, c.Most, m.Least, m.Most)
		}
		fmt.Fprintf(b, "| %s | %s | %.3g (%.3g) | %s | %.3g | %.2g |\n", s.title(), words, c.Loads, m.Loads, dash(c.Local), c.Operations, s.flops()/(4*c.Least))
	}
	b.WriteString("\n")
}

// flops are the operations as they are usually counted, a product with a sum as two, of
// the cell alone: three a weight.
func (s Scheme) flops() float64 { return 12 * float64(s.Order/2) }

func dash(x float64) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3g", x)
}

func (s Scheme) title() string {
	if s.Name != "tiles" {
		return fmt.Sprintf("%s, order %d", s.Name, s.Order)
	}
	steps := "1 step"
	if s.Steps > 1 {
		steps = fmt.Sprintf("%d steps", s.Steps)
	}
	return fmt.Sprintf("tiles, order %d, %s on %d x %d", s.Order, steps, s.Width, s.Height)
}

func writeRates(b *strings.Builder, all []Scheme, kernels map[string]use, double bool) error {
	precision := "float32"
	if double {
		precision = "float64"
	}
	fmt.Fprintf(b, "Derived, not measured, %s, uniform medium (varying medium): 1e9 cells a second; of the uniform medium what bounds it, and the waves that a unit holds:\n\n|", precision)
	for _, c := range Cards {
		fmt.Fprintf(b, " | %s", c.Name)
	}
	b.WriteString(" |\n| ---" + strings.Repeat(" | ---", len(Cards)) + " |\n")
	for i, s := range all {
		if s.Double != double || s.Medium {
			continue
		}
		varying := all[i+1]
		fmt.Fprintf(b, "| %s", s.title())
		for _, c := range Cards {
			o, err := s.occupancy(c, kernels)
			if err != nil {
				return err
			}
			r, v := c.rate(s), c.rate(varying)
			fmt.Fprintf(b, " | %s (%s), %s, %d of %d", r, v, r.Limit, o.Waves, o.Most)
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\n")
	return nil
}

// String is one number, or two where they differ.
func (r Rate) String() string {
	if r.Most > 1.05*r.Least {
		return short(r.Least) + " to " + short(r.Most)
	}
	return short(r.Most)
}

// short has two digits or a whole number.
func short(x float64) string {
	if x >= 10 {
		return fmt.Sprintf("%.0f", x)
	}
	return fmt.Sprintf("%.2g", x)
}

// occupancy is the lowest of the scheme's kernels on a card.
func (s Scheme) occupancy(c Card, kernels map[string]use) (Occupancy, error) {
	lowest := Occupancy{}
	for i, k := range s.kernels {
		u, ok := kernels[k][c.Processor]
		if !ok {
			return lowest, fmt.Errorf("kernels.csv has no %s for %s: go test ./bench/roofline -update", k, c.Processor)
		}
		o := processors[c.Processor].occupancy(s.items, u.Registers, u.Local)
		if i == 0 || o.Waves < lowest.Waves {
			lowest = o
		}
	}
	return lowest, nil
}
