package job

import (
	"fmt"
	"io"
	"strings"
)

// stencilBody is the stencil part of result.json.
type stencilBody struct {
	Steps        int          `json:"steps"`
	Dt           float64      `json:"dt"`
	LargestDt    float64      `json:"largest_dt"` // stable
	Time         float64      `json:"time"`
	GCells       Number       `json:"gcells_per_s"`
	TEff         Number       `json:"t_eff_gb_per_s"` // six accesses a cell and step
	BytesPerCell int          `json:"bytes_per_cell"`
	Pressure     wavePressure `json:"pressure"`         // at the end
	Energy       *Number      `json:"energy,omitempty"` // likewise, if it was recorded
	Snapshots    int          `json:"snapshots"`        // how many there are of each kind
	Frames       int          `json:"frames"`           // of the animation
	Figures      []string     `json:"figures"`
}

type wavePressure struct {
	Min    Number `json:"min"`
	Max    Number `json:"max"`
	Sum    Number `json:"sum"`
	Norm2  Number `json:"norm2"`
	Centre Number `json:"centre"`
}

func (b *stencilBody) setFigures(files []string) { b.Figures = files }

// Summary prints steps, speed, the pressure at the end and figures.
func (b *stencilBody) Summary(w io.Writer) {
	fmt.Fprintf(w, "%d steps of %.6g to t = %.6g, %.3g Gcell/s, T_eff %.3g GB/s\n", b.Steps, b.Dt, b.Time, float64(b.GCells), float64(b.TEff))
	p := &b.Pressure
	fmt.Fprintf(w, "pressure at the end from %.6g to %.6g, sum %.6g, norm %.6g, in the centre %.6g\n",
		float64(p.Min), float64(p.Max), float64(p.Sum), float64(p.Norm2), float64(p.Centre))
	if b.Energy != nil {
		fmt.Fprintf(w, "energy at the end %.9g\n", float64(*b.Energy))
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}
