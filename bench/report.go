package bench

import (
	"encoding/json"
	"io"
)

// Report is what a suite measured.
type Report struct {
	Platform string   `json:"platform"`
	Go       string   `json:"go"`
	Levels   []string `json:"levels"`  // of the kernels, the best last
	Threads  int      `json:"threads"` // of the parallel measurements
	Quick    bool     `json:"quick"`
	// Spread is by how much a typical timing exceeds the best, of 1: a few
	// hundredths on a machine that does nothing else.
	Spread  float64  `json:"spread"`
	Results []Result `json:"results"`
	// Searches for minima, where the suite has them.
	Searches []Search `json:"searches,omitempty"`
}

// The groups of work.
const (
	groupPeak     = "peak"     // multiply-adds in registers, GFLOP/s
	groupMemory   = "memory"   // vectors larger than the caches, GB/s
	groupFunction = "function" // elementary functions in the L1 cache, 1e9 elements/s
	groupProduct  = "product"  // matrix products, GFLOP/s
	groupStep     = "step"     // iterations of Adam on a PINN, ms
	groupFit      = "fit"      // of a model, s
	groupPredict  = "predict"  // by a model, 1e6 points/s
	groupStencil  = "stencil"  // acoustic steps, 1e9 cells/s
	groupSampling = "sampling" // points, 1e6 coordinates/s
	groupTasks    = "tasks"    // of a job by workers, 1000/s
	groupTrip     = "trip"     // of one task, ms
)

// lowerIsBetter are the groups whose values are times.
var lowerIsBetter = map[string]bool{groupStep: true, groupFit: true, groupTrip: true}

// Work says what was measured.
type Work struct {
	Group     string `json:"group"`
	Name      string `json:"name"`
	Precision string `json:"precision"`
	Level     string `json:"level"`
	Threads   int    `json:"threads"`

	// Naive names the work of the group that does the same the plain way.
	Naive string `json:"naive,omitempty"`

	// Of one training step: see arithmetic.
	Operations  float64 `json:"operations,omitempty"`
	Activations float64 `json:"activations,omitempty"`
}

// Result is a measured value and what it is beside others of the same run.
// Ratios that do not apply are 0 and left out.
type Result struct {
	Work
	Value float64 `json:"value"` // in the unit of the group
	// OfPeak is the part of the peak of the same precision, level and threads.
	OfPeak float64 `json:"of_peak,omitempty"`
	// Floor is the arithmetic floor of a step in ms, TimesFloor the step over it.
	Floor      float64 `json:"floor_ms,omitempty"`
	TimesFloor float64 `json:"times_floor,omitempty"`
	SpeedUp    float64 `json:"speed_up,omitempty"`   // over the portable level
	OverNaive  float64 `json:"over_naive,omitempty"` // over the naive way
	Scaling    float64 `json:"scaling,omitempty"`    // over one thread
}

// relate computes the ratios.
func (r *Report) relate() {
	values := map[Work]float64{}
	naive := map[[4]any]float64{}
	for _, v := range r.Results {
		values[v.Work] = v.Value
		naive[[4]any{v.Group, v.Name, v.Precision, v.Threads}] = v.Value
	}
	for i := range r.Results {
		v := &r.Results[i]
		at := func(group, name string) float64 {
			return values[Work{Group: group, Name: name, Precision: v.Precision, Level: v.Level, Threads: v.Threads}]
		}
		gain := func(w Work) float64 { // 0 if w was not measured
			if lowerIsBetter[v.Group] {
				return values[w] / v.Value
			}
			if values[w] == 0 {
				return 0
			}
			return v.Value / values[w]
		}
		if v.Naive != "" {
			v.OverNaive = v.Value / naive[[4]any{v.Group, v.Naive, v.Precision, v.Threads}]
			if lowerIsBetter[v.Group] {
				v.OverNaive = 1 / v.OverNaive
			}
		}
		if v.Level != r.Levels[0] {
			w := v.Work
			w.Level = r.Levels[0]
			v.SpeedUp = gain(w)
		}
		if v.Threads > 1 {
			w := v.Work
			w.Threads = 1
			v.Scaling = gain(w)
		}
		switch v.Group {
		case groupProduct:
			v.OfPeak = v.Value / at(groupPeak, peakName)
		case groupStep:
			v.Floor = floor(v.Operations, v.Activations, at(groupPeak, peakName), at(groupFunction, tanhName))
			v.TimesFloor = v.Value / v.Floor
		}
	}
}

// WriteJSON writes the report for programs. A number that is not finite, which
// no measurement should give, is an error.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
