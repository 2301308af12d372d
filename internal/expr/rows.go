package expr

// Loops over rows. Every operand is cut to the length of the first, so that the compiler drops
// the bounds checks.

func run(code []step, rows [][]float64, n int) {
	for i := range code {
		st := &code[i]
		dst := rows[st.dst][:n]
		a := rows[st.a][:len(dst)]
		var b []float64
		if st.b != noRow {
			b = rows[st.b][:len(dst)]
		}
		switch c, d := st.c, st.d; st.op {
		case opAdd:
			for i := range dst {
				dst[i] = a[i] + b[i]
			}
		case opSub:
			for i := range dst {
				dst[i] = a[i] - b[i]
			}
		case opAddScaled:
			for i := range dst {
				dst[i] = a[i] + c*b[i]
			}
		case opAffine:
			for i := range dst {
				dst[i] = c*a[i] + d
			}
		case opMul:
			for i := range dst {
				dst[i] = a[i] * b[i]
			}
		case opDiv:
			for i := range dst {
				dst[i] = a[i] / b[i]
			}
		case opReciprocal:
			for i := range dst {
				dst[i] = 1 / a[i]
			}
		case opUnary:
			f := st.fn.unary
			for i := range dst {
				dst[i] = f(a[i])
			}
		case opBinary:
			f := st.fn.binary
			for i := range dst {
				dst[i] = f(a[i], b[i])
			}
		case opSelect:
			condition := rows[st.condition][:len(dst)]
			for i := range dst {
				if condition[i] != 0 {
					dst[i] = a[i]
				} else {
					dst[i] = b[i]
				}
			}
		}
	}
}

func fill(dst []float64, x float64) {
	for i := range dst {
		dst[i] = x
	}
}

// addScaled: dst += c*g.
func addScaled(dst, g []float64, c float64) {
	g = g[:len(dst)]
	for i := range dst {
		dst[i] += c * g[i]
	}
}

// addProduct: dst += c*g*x, where g is not zero.
func addProduct(dst, g, x []float64, c float64) {
	g, x = g[:len(dst)], x[:len(dst)]
	for i := range dst {
		if g[i] != 0 {
			dst[i] += c * g[i] * x[i]
		}
	}
}

// addQuotient: dst += g/x, where g is not zero.
func addQuotient(dst, g, x []float64) {
	g, x = g[:len(dst)], x[:len(dst)]
	for i := range dst {
		if g[i] != 0 {
			dst[i] += g[i] / x[i]
		}
	}
}

// subProductQuotient: dst -= g*y/x, where g is not zero.
func subProductQuotient(dst, g, y, x []float64) {
	g, y, x = g[:len(dst)], y[:len(dst)], x[:len(dst)]
	for i := range dst {
		if g[i] != 0 {
			dst[i] -= g[i] * y[i] / x[i]
		}
	}
}

// addWhere: dst += g, where the condition has the given truth.
func addWhere(dst, g, condition []float64, wanted bool) {
	g, condition = g[:len(dst)], condition[:len(dst)]
	for i := range dst {
		if (condition[i] != 0) == wanted {
			dst[i] += g[i]
		}
	}
}
