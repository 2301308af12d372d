package roofline

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu/offline"
)

//go:embed kernels.csv
var kernelsCSV string

// use is what a kernel takes of each processor.
type use map[string]offline.Use

// readKernels reads kernels.csv: a row a kernel, with its local memory and, for each processor,
// its registers and, after a plus, its bytes of memory a work item.
func readKernels(text string) (map[string]use, error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	all := map[string]use{}
	for _, row := range rows[min(1, len(rows)):] {
		u := use{}
		for i, processor := range rows[0][2:] {
			registers, scratch, _ := strings.Cut(row[i+2], "+")
			var of offline.Use
			for _, n := range []struct {
				text string
				to   *int
			}{{row[1], &of.Local}, {registers, &of.Registers}, {cmp.Or(scratch, "0"), &of.Scratch}} {
				if *n.to, err = strconv.Atoi(n.text); err != nil {
					return nil, fmt.Errorf("kernels.csv: %s: %w", row[0], err)
				}
			}
			u[processor] = of
		}
		all[row[0]] = u
	}
	return all, nil
}

// writeKernels is its inverse, for the kernels in that order.
func writeKernels(keys []string, all map[string]use) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	processors := append(append([]string{}, offline.NVIDIA...), offline.AMD...)
	if err := w.Write(append([]string{"kernel", "local"}, processors...)); err != nil {
		return "", err
	}
	for _, key := range keys {
		row := []string{key, strconv.Itoa(all[key][processors[0]].Local)}
		for _, p := range processors {
			u := all[key][p]
			cell := strconv.Itoa(u.Registers)
			if u.Scratch > 0 {
				cell += "+" + strconv.Itoa(u.Scratch)
			}
			row = append(row, cell)
		}
		if err := w.Write(row); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}
