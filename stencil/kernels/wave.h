// What the kernels of the acoustic scheme share: the grid and its sides, differences
// of order 2 HALF, absorbing layers and sponges.
//
//	vx -= bx (D_x p + psi),  vy -= by (D_y p + psi),  p -= k (D_x vx + D_y vy + psi)
//
// HALF: half-width of the differences. MEDIUM: 1 if bx, by, k vary; else they are in the
// weights. OUTER: 1 for work groups near sides, sponges, sources or receivers, 0 for those
// that meet none. LAYERS: 1 if there are absorbing layers.
//
// Fields are rows of `pitch` elements: p(i, j) of 0 <= i < nx, 0 <= j < ny; vx(i, j) of
// i <= nx between p(i-1, j) and p(i, j); vy(i, j) of j <= ny between p(i, j-1) and p(i, j).
// Media lie as their fields do: bx with vx, by with vy, k with p.
#define EVEN 0
#define ODD 1
#define WRAP 2

typedef struct {
	int nx, ny, pitch;
	int x0, x1, y0, y1;     // how the pressure goes on beyond a side
	int lx0, lx1, ly0, ly1; // cells of the absorbing layers at the sides
	int sponge;             // 1: there is one
} Grid;

#define GRID(shape) {shape[0], shape[1], shape[2], shape[3], shape[4], shape[5], \
	shape[6], shape[7], shape[8], shape[9], shape[10], shape[11]}

// The index of n cells, or of the faces around them, whose value stands at i beyond a
// side, times the sign. A pressure goes on evenly or oddly; the velocity across the side,
// its derivative, the other way.
DEVICE int fold(int i, const int n, const int low, const int high, const int face, real *sign)
{
#if OUTER
	while (i < 0 || i >= n + face) {
		const int kind = i < 0 ? low : high;
		if (kind == WRAP) {
			i += i < 0 ? n : -n;
			continue;
		}
		if (kind == (face ? EVEN : ODD))
			*sign = -*sign;
		i = (i < 0 ? -1 : 2 * n - 1) + face - i;
	}
#endif
	return i;
}

DEVICE int fold_x(const Grid g, const int i, const int face, real *sign)
{
	return fold(i, g.nx, g.x0, g.x1, face, sign);
}

DEVICE int fold_y(const Grid g, const int j, const int face, real *sign)
{
	return fold(j, g.ny, g.y0, g.y1, face, sign);
}

// The fields at (i, j), beyond a side their images.
DEVICE real value(const Grid g, GLOBAL const real *field, int i, int j, const int face_x, const int face_y)
{
	real sign = REAL(1.0);
	i = fold_x(g, i, face_x, &sign);
	j = fold_y(g, j, face_y, &sign);
	return sign * field[j * g.pitch + i];
}

// D_x p and D_y p at the faces before the point (i, j), for the weights of x, y.
DEVICE real ddx(const Grid g, GLOBAL const real *w, GLOBAL const real *p, const int i, const int j)
{
	real d = REAL(0.0);
	for (int k = 0; k < HALF; k++)
		d += w[k] * (value(g, p, i + k, j, 0, 0) - value(g, p, i - 1 - k, j, 0, 0));
	return d;
}

DEVICE real ddy(const Grid g, GLOBAL const real *w, GLOBAL const real *p, const int i, const int j)
{
	real d = REAL(0.0);
	for (int k = 0; k < HALF; k++)
		d += w[HALF + k] * (value(g, p, i, j + k, 0, 0) - value(g, p, i, j - 1 - k, 0, 0));
	return d;
}

#if MEDIUM
#define OF(medium, at) medium[at]
#else
#define OF(medium, at) REAL(1.0)
#endif

// The memories psi of the absorbing layers: those of vx are ny rows of lx = lx0 + lx1, then
// those of p for D_x likewise; then ly = ly0 + ly1 rows of nx of vy, and of p for D_y. The
// coefficients are a and b of vx, of p for D_x, lx each; of vy, of p for D_y, ly each.

// The place among the elements of the layers at both ends of an axis, those before low
// and those from high on; -1: in none.
DEVICE int slot(const int i, const int low, const int high)
{
	return i < low ? i : i >= high ? low + i - high : -1;
}

// Where vx, if face is 1, or p has its memory for D_x; -1: nowhere.
DEVICE int memory_x(const Grid g, const int i, const int j, const int face)
{
	const int s = slot(i, g.lx0, g.nx + face - g.lx1), lx = g.lx0 + g.lx1;
	return s < 0 ? -1 : ((face ? 0 : g.ny) + j) * lx + s;
}

// Likewise vy, or p for D_y.
DEVICE int memory_y(const Grid g, const int i, const int j, const int face)
{
	const int s = slot(j, g.ly0, g.ny + face - g.ly1), lx = g.lx0 + g.lx1, ly = g.ly0 + g.ly1;
	return s < 0 ? -1 : 2 * g.ny * lx + ((face ? 0 : ly) + s) * g.nx + i;
}

// psi after a step in which the derivative is d: b psi + a d.
DEVICE real remember_x(const Grid g, GLOBAL const real *layers, const int i, const int face, const real psi, const real d)
{
	const int lx = g.lx0 + g.lx1, at = (face ? 0 : 2 * lx) + slot(i, g.lx0, g.nx + face - g.lx1);
	return layers[at + lx] * psi + layers[at] * d;
}

DEVICE real remember_y(const Grid g, GLOBAL const real *layers, const int j, const int face, const real psi, const real d)
{
	const int lx = g.lx0 + g.lx1, ly = g.ly0 + g.ly1;
	const int at = 4 * lx + (face ? 0 : 2 * ly) + slot(j, g.ly0, g.ny + face - g.ly1);
	return layers[at + ly] * psi + layers[at] * d;
}

// The factor of the sponge: one of x times one of y, each for points, then for faces.
DEVICE real damping(const Grid g, GLOBAL const real *sponge, const int i, const int j, const int face_x, const int face_y)
{
#if OUTER
	if (g.sponge)
		return sponge[(face_x ? g.nx : 0) + i] * sponge[2 * g.nx + 1 + (face_y ? g.ny : 0) + j];
#endif
	return REAL(1.0);
}
