// The fused scheme: a whole step in one launch, from one set of fields to another. A
// work item computes the velocities around its pressure itself, so it waits for no other.
// Those in the grid beside it, vx(i, j) and vy(i, j), are its own to store.
//
// tiles: the work groups to run, by their number, row by row of (nx + GROUP_X) / GROUP_X.

typedef struct {
	GLOBAL const real *weights;
	GLOBAL const real *p;
	GLOBAL const real *vx;
	GLOBAL const real *vy;
	GLOBAL const real *bx;
	GLOBAL const real *by;
	GLOBAL const real *psi;
	GLOBAL const real *layers;
	GLOBAL const real *sponge;
} Old;

// vx at (i, j) after the step, also beyond the sides x0 and x1. The memory of an
// absorbing layer goes to psi, unless that is 0.
DEVICE real next_vx(const Grid g, const Old o, int i, const int j, GLOBAL real *psi)
{
	real sign = REAL(1.0);
	i = fold_x(g, i, 1, &sign);
	real d = ddx(g, o.weights, o.p, i, j);
#if LAYERS
	const int m = memory_x(g, i, j, 1);
	if (m >= 0) {
		const real now = remember_x(g, o.layers, i, 1, o.psi[m], d);
		if (psi)
			psi[m] = now;
		d += now;
	}
#endif
	const int at = j * g.pitch + i;
	return sign * damping(g, o.sponge, i, j, 1, 0) * (o.vx[at] - OF(o.bx, at) * d);
}

// Likewise vy.
DEVICE real next_vy(const Grid g, const Old o, const int i, int j, GLOBAL real *psi)
{
	real sign = REAL(1.0);
	j = fold_y(g, j, 1, &sign);
	real d = ddy(g, o.weights, o.p, i, j);
#if LAYERS
	const int m = memory_y(g, i, j, 1);
	if (m >= 0) {
		const real now = remember_y(g, o.layers, j, 1, o.psi[m], d);
		if (psi)
			psi[m] = now;
		d += now;
	}
#endif
	const int at = j * g.pitch + i;
	return sign * damping(g, o.sponge, i, j, 0, 1) * (o.vy[at] - OF(o.by, at) * d);
}

KERNEL fused(GLOBAL const int *RESTRICT shape, GLOBAL const real *RESTRICT weights, GLOBAL const int *RESTRICT tiles,
	GLOBAL const real *RESTRICT p, GLOBAL const real *RESTRICT vx, GLOBAL const real *RESTRICT vy,
	GLOBAL real *RESTRICT new_p, GLOBAL real *RESTRICT new_vx, GLOBAL real *RESTRICT new_vy,
	GLOBAL const real *RESTRICT bx, GLOBAL const real *RESTRICT by, GLOBAL const real *RESTRICT k,
	GLOBAL const real *RESTRICT psi, GLOBAL real *RESTRICT new_psi,
	GLOBAL const real *RESTRICT layers, GLOBAL const real *RESTRICT sponge)
{
	const Grid g = GRID(shape);
	const Old o = {weights, p, vx, vy, bx, by, psi, layers, sponge};
	const int groups = (g.nx + GROUP_X) / GROUP_X; // in a row of nx + 1
	const int tile = tiles[GROUP(0)], row = tile / groups;
	const int i = (tile - row * groups) * GROUP_X + LOCAL_ID(0), j = row * GROUP_Y + LOCAL_ID(1);
	const int at = j * g.pitch + i;
	real left = REAL(0.0), below = REAL(0.0); // vx(i, j), vy(i, j)
	if (i <= g.nx && j < g.ny)
		new_vx[at] = left = next_vx(g, o, i, j, new_psi);
	if (i < g.nx && j <= g.ny)
		new_vy[at] = below = next_vy(g, o, i, j, new_psi);
	if (i >= g.nx || j >= g.ny)
		return;
	real dx = weights[2 * HALF] * (next_vx(g, o, i + 1, j, 0) - left);
	real dy = weights[3 * HALF] * (next_vy(g, o, i, j + 1, 0) - below);
	for (int n = 1; n < HALF; n++) {
		dx += weights[2 * HALF + n] * (next_vx(g, o, i + 1 + n, j, 0) - next_vx(g, o, i - n, j, 0));
		dy += weights[3 * HALF + n] * (next_vy(g, o, i, j + 1 + n, 0) - next_vy(g, o, i, j - n, 0));
	}
#if LAYERS
	const int mx = memory_x(g, i, j, 0), my = memory_y(g, i, j, 0);
	if (mx >= 0) {
		new_psi[mx] = remember_x(g, layers, i, 0, psi[mx], dx);
		dx += new_psi[mx];
	}
	if (my >= 0) {
		new_psi[my] = remember_y(g, layers, j, 0, psi[my], dy);
		dy += new_psi[my];
	}
#endif
	new_p[at] = damping(g, sponge, i, j, 0, 0) * (p[at] - OF(k, at) * (dx + dy));
}
