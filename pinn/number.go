package pinn

import (
	"fmt"
	"math"
	"strings"
)

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// finiteNotNegative also takes zero, which stands for a default.
func finiteNotNegative(x float64) bool { return x >= 0 && finite(x) }

// orOne is x, or the default 1 where x is not set.
func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}

func list(names []string) string { return strings.Join(names, ", ") }

// count says "1 field", "2 fields".
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
