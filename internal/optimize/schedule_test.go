package optimize

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		s    Schedule
		want map[int]float64
	}{
		{Schedule{}, map[int]float64{0: 1, 1e6: 1}},
		{Schedule{Kind: "exponential"}, map[int]float64{0: 1, 500: math.Sqrt(0.9), 1000: 0.9, 3000: 0.729}},
		{Schedule{Kind: "staircase", Factor: 0.5, Every: 10}, map[int]float64{0: 1, 9: 1, 10: 0.5, 19: 0.5, 20: 0.25}},
		{Schedule{Kind: "cosine", Over: 100, Final: 0.1}, map[int]float64{0: 1, 50: 0.55, 100: 0.1, 1000: 0.1}},
		{Schedule{Warmup: 4}, map[int]float64{0: 0.2, 3: 0.8, 4: 1, 5: 1}},
		{Schedule{Kind: "staircase", Factor: 0.5, Every: 10, Warmup: 1}, map[int]float64{0: 0.5, 1: 1, 10: 1, 11: 0.5}},
	} {
		s, err := c.s.withDefaults()
		require.NoError(t, err)
		for k, want := range c.want {
			assert.InDelta(t, want, s.at(k), 1e-15, "%+v at %d", c.s, k)
		}
	}
}

func TestScheduleRisesThenFalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Schedule{Kind: rapid.SampledFrom([]string{"constant", "exponential", "staircase", "cosine"}).Draw(t, "kind")}
		s.Warmup = rapid.IntRange(0, 20).Draw(t, "warmup")
		if s.Kind == "cosine" {
			s.Over = rapid.IntRange(1, 50).Draw(t, "over")
			s.Final = rapid.Float64Range(0, 1).Draw(t, "final")
		} else if s.Kind != "constant" {
			s.Factor = rapid.Float64Range(0.01, 1).Draw(t, "factor")
			s.Every = rapid.IntRange(1, 50).Draw(t, "every")
		}
		s, err := s.withDefaults()
		require.NoError(t, err)
		require.Equal(t, 1.0, s.at(s.Warmup))
		for k := range 100 {
			a, b := s.at(k), s.at(k+1)
			require.True(t, a >= 0 && a <= 1)
			if k < s.Warmup {
				require.Less(t, a, b)
			} else {
				require.GreaterOrEqual(t, a, b)
			}
		}
	})
}

func TestScheduleRefuses(t *testing.T) {
	for want, s := range map[string]Schedule{
		`schedule "steps"`:                  {Kind: "steps"},
		"decay factor 2":                    {Kind: "exponential", Factor: 2},
		"every -1":                          {Kind: "staircase", Every: -1},
		"cosine over 0":                     {Kind: "cosine"},
		"final fraction -1":                 {Kind: "cosine", Over: 5, Final: -1},
		"warmup of -1":                      {Warmup: -1},
		"belong to an exponential":          {Kind: "cosine", Over: 5, Factor: 0.5},
		`a cosine schedule, not to "expone`: {Kind: "exponential", Final: 0.5},
	} {
		_, err := s.withDefaults()
		assert.ErrorIs(t, err, ErrSettings)
		assert.ErrorContains(t, err, want)
	}
}
