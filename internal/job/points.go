package job

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/seed-0772dd2d/ritz/internal/npy"
)

// WritePoints writes points, row-major with a coordinate for each name, in the
// format csv, with the names as header, or npy.
func WritePoints(w io.Writer, format string, names []string, points []float64) error {
	dim := len(names)
	switch format {
	case "npy":
		return npy.Write(w, []int{len(points) / dim, dim}, points)
	case "csv":
	default:
		return fmt.Errorf("points are written as csv or npy, not %q", format)
	}
	b := bufio.NewWriterSize(w, 1<<16)
	header := csv.NewWriter(b)
	if err := header.Write(names); err != nil {
		return err
	}
	header.Flush()
	var line []byte
	for ; len(points) > 0; points = points[dim:] {
		line = line[:0]
		for _, x := range points[:dim] {
			line = append(strconv.AppendFloat(line, x, 'g', -1, 64), ',')
		}
		line[len(line)-1] = '\n'
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	return b.Flush()
}
