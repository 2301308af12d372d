// The plain scheme, second half: the pressure from t to t + dt, in place.
KERNEL pressures(GLOBAL const int *RESTRICT shape, GLOBAL const real *RESTRICT weights,
	GLOBAL real *RESTRICT p, GLOBAL const real *RESTRICT vx, GLOBAL const real *RESTRICT vy,
	GLOBAL const real *RESTRICT k,
	GLOBAL real *RESTRICT psi, GLOBAL const real *RESTRICT layers, GLOBAL const real *RESTRICT sponge)
{
	const Grid g = GRID(shape);
	const int groups = (g.nx + GROUP_X) / GROUP_X;
	const int row = GROUP(0) / groups, i = (GROUP(0) - row * groups) * GROUP_X + LOCAL_ID(0);
	const int j = row * GROUP_Y + LOCAL_ID(1);
	if (i >= g.nx || j >= g.ny)
		return;
	const int at = j * g.pitch + i;
	real dx = REAL(0.0), dy = REAL(0.0);
	for (int n = 0; n < HALF; n++) {
		dx += weights[2 * HALF + n] * (value(g, vx, i + 1 + n, j, 1, 0) - value(g, vx, i - n, j, 1, 0));
		dy += weights[3 * HALF + n] * (value(g, vy, i, j + 1 + n, 0, 1) - value(g, vy, i, j - n, 0, 1));
	}
	const int mx = memory_x(g, i, j, 0), my = memory_y(g, i, j, 0);
	if (mx >= 0) {
		psi[mx] = remember_x(g, layers, i, 0, psi[mx], dx);
		dx += psi[mx];
	}
	if (my >= 0) {
		psi[my] = remember_y(g, layers, j, 0, psi[my], dy);
		dy += psi[my];
	}
	p[at] = damping(g, sponge, i, j, 0, 0) * (p[at] - OF(k, at) * (dx + dy));
}
