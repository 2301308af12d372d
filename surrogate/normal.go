package surrogate

import "math"

// The logarithms below are of numbers as small as exp(-z²/2). Beyond
// normalTail they come from the continued fraction of Mills' ratio,
//
//	M(t) = Φ(-t)/φ(t) = 1/(t + 1/(t + 2/(t + 3/(t + ...)))),
//
// which keeps all digits where Φ and φ underflow, and gives the remainder
// 1 - t M(t), too, without cancellation. (NIST Handbook, eq. 7.9.1 with
// t = √2 z.)
const (
	normalTail  = -3.5
	millsTerms  = 64 // enough for every t >= -normalTail
	logSqrt2Pi  = 0.91893853320467274178032973640561763986139747363778341281715154
	invSqrt2Pi  = 0.39894228040143267793994605993438186847585863116493465766592583
	halfOfSqrt2 = math.Sqrt2 / 2
)

// mills returns c and b with M(t) = 1/(t + 1/b) = 1/c for t >= -normalTail.
func mills(t float64) (c, b float64) {
	b = t
	for k := millsTerms; k >= 2; k-- {
		b = t + float64(k)/b
	}
	return t + 1/b, b
}

// logNormal returns log Φ(z) and its derivative φ(z)/Φ(z).
func logNormal(z float64) (value, slope float64) {
	if z < normalTail {
		c, _ := mills(-z)
		return -z*z/2 - logSqrt2Pi - math.Log(c), c
	}
	if z > 5 { // 1 - Φ has the digits, not Φ
		q := math.Erfc(z*halfOfSqrt2) / 2
		return math.Log1p(-q), invSqrt2Pi * math.Exp(-z*z/2) / (1 - q)
	}
	p := math.Erfc(-z*halfOfSqrt2) / 2
	return math.Log(p), invSqrt2Pi * math.Exp(-z*z/2) / p
}

// logImprovement returns log h(z) of h(z) = φ(z) + z Φ(z), the expected positive
// part of z + N(0, 1), with Φ/h, the derivative of log h, and φ/h.
func logImprovement(z float64) (value, slope, density float64) {
	if z < normalTail {
		// With t = -z: h/φ = 1 - t M = (1/b)/c.
		c, b := mills(-z)
		return -z*z/2 - logSqrt2Pi - math.Log(b) - math.Log(c), b, b * c
	}
	phi := invSqrt2Pi * math.Exp(-z*z/2)
	p := math.Erfc(-z*halfOfSqrt2) / 2
	h := phi + z*p
	return math.Log(h), p / h, phi / h
}
