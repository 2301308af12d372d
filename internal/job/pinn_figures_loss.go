package job

import (
	"encoding/csv"
	"fmt"
	"image/color"
	"math"
	"os"
	"strconv"

	"github.com/seed-0772dd2d/ritz/figure"
)

// lossPanel draws the terms of the loss and over them the loss from history.csv,
// whose last columns are the parameters, evaluations and seconds.
func lossPanel(path string, parameters int) (figure.Panel, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header := rows[0]
	columns := make([][]float64, len(header))
	for _, row := range rows[1:] {
		for i, text := range row {
			x, err := strconv.ParseFloat(text, 64)
			if err != nil { // the name of the optimizer
				x = math.NaN()
			}
			columns[i] = append(columns[i], x)
		}
	}
	lines := figure.Lines{Title: "loss", XLabel: "iteration", YLabel: "loss and its terms", YLog: true}
	last := len(header) - 2 - parameters // of the terms
	if last-4 == 1 {
		last-- // a single term is the loss
	}
	for i := 4; i < last; i++ {
		lines.Series = append(lines.Series, figure.Series{Name: shorten(header[i], 60), X: columns[0], Y: columns[i]})
	}
	lines.Series = append(lines.Series, figure.Series{Name: header[3], X: columns[0], Y: columns[3], Color: color.Black, Width: 2.8})
	return lines, nil
}
