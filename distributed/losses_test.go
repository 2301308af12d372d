package distributed

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A measure that JSON cannot hold is none; the result counts all the same.
func TestMeasureThatIsNoNumber(t *testing.T) {
	d := newDesk(t, time.Second)
	q := d.queue(nil, 0)
	measures := []float64{math.Inf(1), math.Inf(-1), math.NaN(), 3}
	d.work(WorkerSettings{Kinds: map[string]Handler{"measure": func(_ context.Context, a *Attempt) (Result, error) {
		return Result{Measure: &measures[a.Task]}, nil
	}}})
	d.put(q, chunk{Kind: "measure", Tasks: []chunkTask{{Index: 0}, {Index: 1}, {Index: 2}, {Index: 3}}})
	for i, o := range d.outcomes(4) {
		assert.True(t, o.OK)
		assert.Equal(t, 1, o.Attempt)
		assert.Equal(t, i == 3, o.Measure != nil)
	}
}
