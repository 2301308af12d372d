package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Every result has the fields of its group and no others, and the ratios follow
// from the values in the same text.
func TestJSON(t *testing.T) {
	r := tinyReport(t)
	var text bytes.Buffer
	require.NoError(t, r.WriteJSON(&text))
	back := new(Report)
	require.NoError(t, json.Unmarshal(text.Bytes(), back))
	require.Equal(t, r, back, "nothing is lost")

	var report map[string]any
	require.NoError(t, json.Unmarshal(text.Bytes(), &report))
	require.ElementsMatch(t, []string{"platform", "go", "levels", "threads", "quick", "spread", "results"}, keys(report))
	require.Equal(t, 2.0, report["threads"])
	require.Equal(t, true, report["quick"])
	require.Len(t, report["levels"], len(simd.Levels()))

	type place struct {
		group, name, precision, level string
		threads                       float64
	}
	values := map[place]float64{}
	results := map[place]map[string]any{}
	for _, v := range report["results"].([]any) {
		v := v.(map[string]any)
		at := place{v["group"].(string), v["name"].(string), v["precision"].(string), v["level"].(string), v["threads"].(float64)}
		require.NotContains(t, results, at)
		values[at], results[at] = v["value"].(float64), v
	}
	require.Len(t, results, len(r.Results))

	for at, v := range results {
		want := map[string]float64{} // the ratios
		beside := func(group, name string) float64 {
			return values[place{group, name, at.precision, at.level, at.threads}]
		}
		gain := func(other place) float64 {
			if at.group == "step" { // a time
				return values[other] / values[at]
			}
			return values[at] / values[other]
		}
		plain, single := at, at
		plain.level, single.threads = "portable", 1
		if _, measured := values[plain]; measured && at.level != "portable" {
			want["speed_up"] = gain(plain)
		}
		if at.threads == 2 {
			want["scaling"] = gain(single)
		}
		switch at.group {
		case "product":
			want["of_peak"] = values[at] / beside("peak", "multiply-add")
		case "step":
			want["operations"], want["activations"] = v["operations"].(float64), v["activations"].(float64)
			want["floor_ms"] = 1e3 * (want["operations"]/(1e9*beside("peak", "multiply-add")) + want["activations"]/(1e9*beside("function", "tanh")))
			want["times_floor"] = values[at] / want["floor_ms"]
		}
		require.ElementsMatch(t, append([]string{"group", "name", "precision", "level", "threads", "value"}, keys(want)...), keys(v), at)
		require.Positive(t, values[at], at)
		for name, ratio := range want {
			require.Positive(t, ratio, at)
			require.InEpsilon(t, ratio, v[name], 1e-12, "%s of %v", name, at)
		}
	}
}

func keys[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }

// failing is a writer that does not.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestJSONFails(t *testing.T) {
	r := sample()
	require.ErrorContains(t, r.WriteJSON(failing{}), "full")
	r.Results[0].Value = math.Inf(1)
	require.ErrorContains(t, r.WriteJSON(io.Discard), "+Inf")
}
