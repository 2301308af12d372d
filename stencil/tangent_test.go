package stencil

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// dual is a number with its derivative in one direction.
type dual struct{ v, d float64 }

func (a dual) plus(b dual) dual     { return dual{a.v + b.v, a.d + b.d} }
func (a dual) times(b dual) dual    { return dual{a.v * b.v, a.d*b.v + a.v*b.d} }
func (a dual) scale(c float64) dual { return dual{c * a.v, c * a.d} }
func (a dual) inverse() dual        { return dual{1 / a.v, -a.d / a.v / a.v} }
func duals(v, d []float64) (x []dual) {
	for k := range v {
		x = append(x, dual{v[k], d[k]})
	}
	return x
}

// tangent is the scheme written down without regard to speed, in dual numbers:
// the traces and their derivatives in the direction of a change of the medium.
// Of the solver it takes the positions and factors of sources, receivers and
// layers.
func tangent(t *testing.T, set Settings, rho, kappa []dual, steps int) [][]dual {
	s, err := New(set)
	require.NoError(t, err)
	e := s.e.(*run[float64]).engine
	g, m := s.s.Grid, e.m
	dx, dy := g.Spacing()
	w, err := Weights(s.s.Order)
	require.NoError(t, err)

	// Fields by quantity, each with its images.
	var fields [3][]dual
	width := [3]int{g.Nx, g.Nx + 1, g.Nx}
	height := [3]int{g.Ny, g.Ny, g.Ny + 1}
	for q, f := range [3][]float64{set.Pressure, set.Vx, set.Vy} {
		fields[q] = make([]dual, g.size(Quantity(q)))
		for k := range f {
			fields[q][k].v = f[k]
		}
	}
	get := func(q, i, j int) dual {
		i, si := fold(i, g.Nx, q == 1, e.x0, e.x1)
		j, sj := fold(j, g.Ny, q == 2, e.y0, e.y1)
		return fields[q][j*width[q]+i].scale(si * sj)
	}
	for j := range g.Ny { // faces of one unknown, faces at rest
		if e.x0 == wrap {
			fields[1][j*width[1]+g.Nx] = fields[1][j*width[1]]
		}
		if e.x0 == even {
			fields[1][j*width[1]] = dual{}
		}
		if e.x1 == even {
			fields[1][j*width[1]+g.Nx] = dual{}
		}
	}
	for i := range g.Nx {
		if e.y0 == wrap {
			fields[2][g.Ny*g.Nx+i] = fields[2][i]
		}
		if e.y0 == even {
			fields[2][i] = dual{}
		}
		if e.y1 == even {
			fields[2][g.Ny*g.Nx+i] = dual{}
		}
	}
	at := func(x []dual, i, j int) dual {
		i, _ = fold(i, g.Nx, false, e.x0, e.x1)
		j, _ = fold(j, g.Ny, false, e.y0, e.y1)
		return x[j*g.Nx+i]
	}
	light := func(q, i, j int) dual {
		if set.InnerFaces && (q == 1 && (j == 0 || j == g.Ny-1) || q == 2 && (i == 0 || i == g.Nx-1)) {
			return dual{}
		}
		if q == 1 {
			return at(rho, i, j).plus(at(rho, i-1, j)).inverse().scale(2)
		}
		return at(rho, i, j).plus(at(rho, i, j-1)).inverse().scale(2)
	}
	psi := make([]map[[2]int]dual, len(e.layers))
	for k := range psi {
		psi[k] = map[[2]int]dual{}
	}
	// derivative of q along an axis at (i, j) of field to, in its layer.
	derivative := func(to, q, axis, i, j int) dual {
		var d dual
		h, shift := dx, 1
		if axis == 1 {
			h = dy
		}
		if to != 0 {
			shift = 0
		}
		for k, c := range w {
			up, down := k+shift, shift-1-k
			if axis == 0 {
				d = d.plus(get(q, i+up, j).plus(get(q, i+down, j).scale(-1)).scale(c * s.dt / h))
			} else {
				d = d.plus(get(q, i, j+up).plus(get(q, i, j+down).scale(-1)).scale(c * s.dt / h))
			}
		}
		sum := d
		for k, l := range e.layers {
			along := [2]int{i, j}[axis]
			if l.field == to && l.axis == axis && along >= l.along.lo && along < l.along.hi {
				a, b, x := l.a[along-l.along.lo], l.b[along-l.along.lo], [2]int{i, j}
				psi[k][x] = psi[k][x].scale(b).plus(d.scale(a))
				sum = sum.plus(psi[k][x])
			}
		}
		return sum
	}
	damp := func(q, i, j int) float64 {
		if e.sponge == nil {
			return 1
		}
		return e.sponge.factor(q, i, j)
	}
	inject := func(n int, field Quantity) {
		for k, src := range set.Sources {
			if src.Field != field {
				continue
			}
			for _, f := range e.footprint(int(field), src.X/dx, src.Y/dy, src.Interpolation, k) {
				factor, time := at(kappa, f.i, f.j), (float64(n)+0.5)*s.dt
				if field != Pressure {
					factor, time = light(int(field), f.i, f.j), float64(n)*s.dt
				}
				if field == VelocityX && e.x0 != wrap {
					factor = factor.scale(1 / edge(f.i, g.Nx)) // half of it is in the grid
				}
				if field == VelocityY && e.y0 != wrap {
					factor = factor.scale(1 / edge(f.j, g.Ny))
				}
				to := &fields[field][f.j*width[field]+f.i]
				*to = to.plus(factor.scale(f.weight * s.dt / dx / dy * src.Signal(time)))
				if field == VelocityX && f.i == 0 && e.x0 == wrap {
					fields[1][f.j*width[1]+g.Nx] = *to
				}
				if field == VelocityY && f.j == 0 && e.y0 == wrap {
					fields[2][g.Ny*g.Nx+f.i] = *to
				}
			}
		}
	}
	require.Positive(t, m)
	traces := make([][]dual, len(set.Receivers))
	for n := range steps {
		for q := 1; q <= 2; q++ {
			for j := range height[q] {
				for i := range width[q] {
					v := &fields[q][j*width[q]+i]
					*v = v.plus(light(q, i, j).times(derivative(q, 0, q-1, i, j)).scale(-1))
				}
			}
			inject(n, Quantity(q))
			for j := range height[q] {
				for i := range width[q] {
					v := &fields[q][j*width[q]+i]
					*v = v.scale(damp(q, i, j))
				}
			}
		}
		for j := range g.Ny {
			for i := range g.Nx {
				p := &fields[0][j*g.Nx+i]
				d := derivative(0, 1, 0, i, j).plus(derivative(0, 2, 1, i, j))
				*p = p.plus(kappa[j*g.Nx+i].times(d).scale(-1)).scale(damp(0, i, j))
			}
		}
		inject(n, Pressure)
		for k, r := range set.Receivers {
			var v dual
			for _, f := range e.footprint(int(r.Field), r.X/dx, r.Y/dy, r.Interpolation, k) {
				v = v.plus(fields[r.Field][f.j*width[r.Field]+f.i].scale(f.weight))
			}
			traces[k] = append(traces[k], v)
		}
	}
	return traces
}
