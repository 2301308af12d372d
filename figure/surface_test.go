package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/color"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

func hill(x, y float64) float64 { return math.Exp(-4 * (x*x + y*y)) }

func hillSurface(n int) Surface {
	x := steps(n, -1, 1)
	return Surface{Title: "hill", XLabel: "x", YLabel: "y", ZLabel: "z", X: x, Y: x, Z: sample(x, x, hill)}
}

// spaceAt returns the colour where data coordinates in space are on the page.
func (p picture) spaceAt(x, y, z float64) color.RGBA {
	b := p.sheet.frames[0].box
	b.fit(p.areas[0])
	return p.pixelAt(b.page(b.unit(x, y, z)))
}

// lit reports whether a colour is another in some strength of light.
func lit(c, under color.RGBA) bool {
	dot := func(a, b color.RGBA) float64 {
		return float64(a.R)*float64(b.R) + float64(a.G)*float64(b.G) + float64(a.B)*float64(b.B)
	}
	return dot(c, under) > 0.9985*math.Sqrt(dot(c, c)*dot(under, under))
}

// Every pixel has the colour of the point that is first on the line of sight:
// a line of sight is followed here through the formula of the surface.
func TestHiddenSurface(t *testing.T) {
	seen, hidden, wrong := 0, 0, 0
	for _, view := range [][2]float64{{0, 0}, {20, 15}, {135, 45}, {250, 5}, {-10, -30}} {
		s := hillSurface(81)
		s.Azimuth, s.Elevation = view[0], view[1]
		img := render(t, 6, 5, s)
		b := img.sheet.frames[0].box
		b.fit(img.areas[0])
		for k := range 300 {
			u := vector{math.Mod(0.5+0.7548776662*float64(k), 1), math.Mod(0.5+0.5698402910*float64(k), 1), 0}
			height := func(u vector) float64 { return b.z.at(hill(b.x.value(u.x), b.y.value(u.y))) }
			u.z = height(u)
			if min(u.x, u.y, 1-u.x, 1-u.y) < 0.02 {
				continue // below the axes
			}
			// The last crossing on the way to the eye is what is seen.
			first, side := u, 0.
			for step := 0.01; step < 3; step += 0.002 {
				q := u.plus(b.eye.times(step))
				if q.x < 0 || q.x > 1 || q.y < 0 || q.y > 1 {
					break
				}
				gap := q.z - height(q)
				if side != 0 && gap*side < 0 {
					first = q
				}
				side = gap
			}
			want := viridis.at(height(first))
			if d := first.plus(u.times(-1)); d.dot(d) > 0 {
				hidden++
			} else {
				seen++
			}
			// At the rim of the hill the pixel may be one beside.
			ok := false
			for _, d := range []vg.Point{{}, {X: 2 * pixel}, {X: -2 * pixel}, {Y: 3 * pixel}, {Y: -3 * pixel}} {
				ok = ok || lit(img.pixelAt(b.page(u).Add(d)), want)
			}
			if !ok {
				wrong++
			}
		}
	}
	assert.Greater(t, hidden, 100, "the test looked at hidden places")
	assert.Greater(t, seen, 800)
	assert.LessOrEqual(t, wrong, 2)
}

// A sample behind the hill leaves no trace; one before it does.
func TestHiddenPoints(t *testing.T) {
	s := hillSurface(41)
	s.Azimuth, s.Elevation = 360, 20
	empty := render(t, 4, 3, s).Image
	for _, c := range []struct {
		x, y, z float64
		seen    bool
	}{
		{0.7, 0, hill(0.7, 0), true},
		{-0.5, 0, hill(-0.5, 0), false}, // on the far slope
		{-0.5, 0.9, hill(0.5, 0.9), true},
		{-0.9, 0, 0.9, true}, // behind, but high above
		{0, 0, 1, true},      // on the top
		{0, 0, 0.5, false},   // within
		{-0.5, 0, 7, false},  // outside the box
		{nan, 0, 0, false},
	} {
		s.Points = []Point{{c.x, c.y, c.z}}
		img := render(t, 4, 3, s)
		assert.Equal(t, c.seen, !assert.ObjectsAreEqual(empty, img.Image), "%v", c)
		if c.seen {
			assertColor(t, paper, img.spaceAt(c.x, c.y, c.z))
		}
	}
}

func TestStems(t *testing.T) {
	x := steps(11, 0, 1)
	s := Surface{X: x, Y: x, Z: make([]float64, 121), ZMin: -1, ZMax: 1, Stems: true,
		Points: []Point{{0.5, 0.5, 0.8}, {0.25, 0.5, -0.8}}}
	img := render(t, 5, 4, s)
	assertColor(t, ink, img.spaceAt(0.5, 0.5, 0.4))
	assertColor(t, paper, img.spaceAt(0.5, 0.5, 0.8))
	assert.True(t, lit(img.spaceAt(0.5, 0.5, -0.2), viridis.at(0.5)), "it ends at the surface")
	// Point and stem below the surface leave no trace.
	s.Points = s.Points[1:]
	below := render(t, 5, 4, s)
	s.Points, s.Stems = nil, false
	assert.Equal(t, render(t, 5, 4, s).Image, below.Image)
}

// Of two slopes of equal height that towards the light is brighter.
func TestLight(t *testing.T) {
	s := hillSurface(61)
	s.Azimuth, s.Elevation = 360, 40
	img := render(t, 6, 5, s)
	bright := func(c color.RGBA) int { return int(c.R) + int(c.G) + int(c.B) }
	for _, d := range []float64{0.15, 0.25, 0.35} {
		// Seen along the x axis, y grows to the right.
		left, right := img.spaceAt(0.1, -d, hill(0.1, d)), img.spaceAt(0.1, d, hill(0.1, d))
		assert.Greater(t, bright(left), bright(right)*11/10, "at %g", d)
	}
	b := &box{}
	b.look(0, 0)
	assert.InDelta(t, b.light(vector{0, 0.6, 0.8}), b.light(vector{0, -0.6, -0.8}), 1e-15, "both sides")
}

// Around a missing value there is a hole of four cells.
func TestSurfaceHoles(t *testing.T) {
	for _, n := range []int{11, 161} { // divided and as it is
		x := steps(n, 0, float64(n-1))
		s := Surface{X: x, Y: x, Z: make([]float64, n*n), ZMin: -1, ZMax: 1, Elevation: 60}
		middle := n / 2
		s.Z[middle*n+middle] = nan
		img := render(t, 5, 4, s)
		for _, d := range [][2]float64{{0.1, 0.1}, {0.8, 0.8}, {-0.8, 0.8}, {0.8, -0.8}, {-0.8, -0.8}, {1.2, 0}, {-1.2, 0}, {0, 1.2}, {0, -1.2}} {
			if n > 11 && max(math.Abs(d[0]), math.Abs(d[1])) > 0.5 {
				continue // less than a pixel away from the side
			}
			c := img.spaceAt(float64(middle)+d[0], float64(middle)+d[1], 0)
			hole := math.Abs(d[0]) < 1 && math.Abs(d[1]) < 1
			assert.Equal(t, hole, c.R > 0xd0 && c.B > 0xd0, "at %v: %v", d, c)
			assert.Equal(t, hole, !lit(c, viridis.at(0.5)), "at %v: %v", d, c)
		}
	}
}

// Points on the sides of a hole belong to the cells beside it.
func TestMeshAroundHole(t *testing.T) {
	x := steps(11, 0, 1)
	for _, hole := range []int{60, 64} { // in the middle and beside the last line
		s := Surface{X: x, Y: x, Z: make([]float64, 121), ZMin: -1, ZMax: 1}
		s.Z[hole] = nan
		f, err := s.frame()
		require.NoError(t, err)
		m := newMesh(s.X, s.Y, s.Z, f.box)
		require.Len(t, m.x, 121)
		missing := 0
		for j, y := range m.y {
			for i, at := range m.x {
				within := max(math.Abs(at-x[hole%11]), math.Abs(y-x[hole/11])) < 0.1-1e-9
				require.Equal(t, within, math.IsNaN(m.z[j*len(m.x)+i]), "at (%g, %g)", at, y)
				if i < 120 && j < 120 && !m.whole(i, j) {
					missing++
				}
			}
		}
		assert.Equal(t, 24*24, missing)
	}
}

func TestSurfaceDiverging(t *testing.T) {
	s := hillSurface(61)
	s.Diverging = true
	f, err := s.frame()
	require.NoError(t, err)
	assert.Equal(t, [2]float64{-1, 1}, [2]float64{f.bar.axis.lo, f.bar.axis.hi}, "colours from zero both ways")
	assert.InDelta(t, hill(1, 1), f.box.z.lo, 1e-12, "heights of the data")
	img := render(t, 5, 4, s)
	assert.True(t, lit(img.spaceAt(0.22, -0.22, hill(0.22, 0.22)), blueRed.at((1+hill(0.22, 0.22))/2)))
}

func TestSurfaceCuts(t *testing.T) {
	s := hillSurface(41)
	s.ZMin, s.ZMax = 0.1, 0.6
	img := render(t, 5, 4, s)
	// The top of the hill is cut off: there is its far inner slope or the wall.
	assert.True(t, lit(img.spaceAt(0.2, -0.35, hill(0.2, 0.35)), viridis.at((hill(0.2, 0.35)-0.1)/0.5)))
	assert.False(t, lit(img.spaceAt(0, 0, 0.59), viridis.at(1)))

	// Without any number there is a box.
	for i := range s.Z {
		s.Z[i] = nan
	}
	s.ZMin, s.ZMax = 0, 0
	render(t, 5, 4, s)
}

func TestCut(t *testing.T) {
	square := []vector{{0, 0, -1}, {1, 0, -1}, {1, 0, 3}, {0, 0, 3}}
	out := cut(square, 0, 1)
	require.Len(t, out, 4)
	for _, p := range out {
		assert.True(t, p.z == 0 || p.z == 1, "%v", p)
	}
	assert.Empty(t, cut([]vector{{0, 0, 2}, {1, 0, 2}, {1, 1, 3}}, 0, 1))
	inside := []vector{{0, 0, 0}, {1, 0, 1}, {1, 1, 0.5}}
	assert.ElementsMatch(t, inside, cut(inside, 0, 1))
}

func TestSurfaceErrors(t *testing.T) {
	for want, change := range map[string]func(s *Surface){
		"no data":                     func(s *Surface) { s.Z = nil },
		"8 values on a grid of 3 x 3": func(s *Surface) { s.Z = s.Z[1:] },
		"1 x 3 points, want at least": func(s *Surface) { s.X, s.Z = s.X[:1], s.Z[:3] },
		"X[1] = -0.5: coordinates":    func(s *Surface) { s.X = []float64{0, -0.5, -1} },
		"Y[2] = NaN":                  func(s *Surface) { s.Y = []float64{0, 1, nan} },
		"colour range [2, 1]":         func(s *Surface) { s.ZMin, s.ZMax = 2, 1 },
		"elevation of 90":             func(s *Surface) { s.Elevation = 90 },
		"azimuth of NaN":              func(s *Surface) { s.Azimuth = nan },
		"Stems needs Points":          func(s *Surface) { s.Stems = true },
	} {
		s := hillSurface(3)
		change(&s)
		_, err := s.layout()
		assert.ErrorContains(t, err, `surface "hill": `)
		assert.ErrorContains(t, err, want)
	}
	_, err := Surface{}.layout()
	assert.True(t, errors.Is(err, ErrNoData))
	assert.ErrorContains(t, Write(io.Discard, "png", 1.5, 1.5, hillSurface(3)), "no room")
}

// A large grid is thinned, so that vector formats stay small.
func TestSurfaceFormats(t *testing.T) {
	s := hillSurface(500)
	s.Points = []Point{{0, 0, 1}}
	var b bytes.Buffer
	require.NoError(t, Write(&b, "svg", 0, 0, s))
	assert.Less(t, b.Len(), 12<<20)
	d := xml.NewDecoder(&b)
	paths := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "path" {
			paths++
		}
	}
	assert.Greater(t, paths, 10000)
	b.Reset()
	require.NoError(t, Write(&b, "pdf", 0, 0, hillSurface(30)))
	assert.Less(t, b.Len(), 2<<20)
}

func TestSome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, most := rapid.IntRange(2, 500).Draw(t, "n"), rapid.IntRange(2, 200).Draw(t, "most")
		out := some(n, most)
		require.Equal(t, 0, out[0])
		require.Equal(t, n-1, out[len(out)-1])
		require.LessOrEqual(t, len(out), most)
		require.GreaterOrEqual(t, len(out), min(n, most/2))
		for i := 1; i < len(out); i++ {
			require.Greater(t, out[i], out[i-1])
		}
	})
}

// Whatever the view, all labels are within the area and clear of each other.
func TestBoxLabels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scale := math.Pow(10, rapid.Float64Range(-9, 9).Draw(t, "scale"))
		label := rapid.SampledFrom([]string{"", "x", "distance, m", "a rather long description, kg m^2/s^2"})
		b := &box{
			x: newAxis(label.Draw(t, "x"), false, 0, scale, 0),
			y: newAxis(label.Draw(t, "y"), false, -scale, scale*1.3, 0),
			z: newAxis(label.Draw(t, "z"), false, scale, scale*1.001, 0),
		}
		b.look(rapid.Float64Range(-360, 360).Draw(t, "azimuth"), rapid.Float64Range(-80, 80).Draw(t, "elevation"))
		area := vg.Rectangle{Max: vg.Point{X: 330, Y: 250}}
		b.fit(area)
		var all []slab
		for _, e := range b.edges {
			for _, k := range e.ticks {
				if k.label.text != "" {
					all = append(all, slab{k.at, k.label.width(tickSize), capHeight * tickSize, 0})
				}
			}
			if e.label.text != "" {
				all = append(all, slab{e.labelAt, e.label.width(e.labelSize), capHeight * e.labelSize, e.angle})
			}
		}
		for i, r := range all {
			box := around(r.centre, r.width, r.height, r.angle)
			require.True(t, inside(box, vg.Rectangle{Min: vg.Point{X: -1, Y: -1}, Max: area.Max.Add(vg.Point{X: 1, Y: 1})}), "%v outside", box)
			for _, o := range all[:i] {
				require.False(t, overlap(r, o), "%v and %v meet", r, o)
			}
		}
	})
}

// overlap looks for a point of one slab that is within the other.
func overlap(r, o slab) bool {
	const n = 40
	sin, cos := math.Sincos(r.angle)
	osin, ocos := math.Sincos(o.angle)
	for i := range n + 1 {
		for j := range n + 1 {
			u, v := float64(r.width)*(float64(i)/n-0.5), float64(r.height)*(float64(j)/n-0.5)
			p := r.centre.Add(vg.Point{X: vg.Length(u*cos - v*sin), Y: vg.Length(u*sin + v*cos)}).Sub(o.centre)
			x, y := float64(p.X)*ocos+float64(p.Y)*osin, float64(p.Y)*ocos-float64(p.X)*osin
			if math.Abs(x) < float64(o.width)/2 && math.Abs(y) < float64(o.height)/2 {
				return true
			}
		}
	}
	return false
}
