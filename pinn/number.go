package pinn

import (
	"math"
	"strings"
)

func abs(x float64) float64 { return math.Abs(x) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// finitePositive also takes zero, which stands for the default.
func finitePositive(x float64) bool { return x >= 0 && finite(x) }

// orOne is x, or the default 1 where x is not set.
func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

func list(names []string) string { return strings.Join(names, ", ") }
