package stencil

// energy sums ½ ρ v⁻ v⁺ over the faces, v⁺ being half a step after the pressure,
// and ½ p²/κ over the points.
func (r *run[T]) energy() (kinetic, potential float64, err error) {
	e, w := r.engine, &r.wave
	s := w.Stride
	modulus := func(at int) float64 { // κ dt/dx, but for the weight
		if w.K == nil {
			return 1
		}
		return float64(w.K[at])
	}
	lightness := func(b []T, at int) float64 {
		if b == nil {
			return 1
		}
		return float64(b[at])
	}
	for j := range e.ny {
		for i := range e.nx {
			at := e.at(i, j)
			p := float64(w.P[at])
			potential += p * p / 2 / modulus(at)
		}
	}
	face := func(v, b, c []T, at, step int, weight float64) {
		now := float64(v[at])
		d := 0.0
		for k, x := range c {
			d += float64(x) * (float64(w.P[at+k*step]) - float64(w.P[at-(1+k)*step]))
		}
		light := lightness(b, at)
		if light > 0 {
			kinetic += weight * now * (now - light*d) / 2 / light
		}
	}
	// A face on a side counts half, and the two of a periodic axis are one.
	for j := range e.ny {
		for i := range e.nx + 1 {
			face(w.Vx, w.Bx, w.X, e.at(i, j), 1, edge(i, e.nx))
		}
	}
	for j := range e.ny + 1 {
		for i := range e.nx {
			face(w.Vy, w.By, w.Y, e.at(i, j), s, edge(j, e.ny))
		}
	}
	return kinetic * r.density, potential / r.modulus, nil
}

func edge(i, n int) float64 {
	if i == 0 || i == n {
		return 0.5
	}
	return 1
}
