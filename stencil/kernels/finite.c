// Is a field finite? flags[item] is 1 if among the elements that this work item looks at
// one is an infinity or no number.
KERNEL finite(GLOBAL const real *RESTRICT p, const int nx, const int ny, const int pitch, GLOBAL int *RESTRICT flags)
{
	const int item = GLOBAL_ID(0), items = GROUPS(0) * GROUP_X;
	int bad = 0;
	for (int n = item; n < nx * ny; n += items) {
		const int j = n / nx;
		const real x = p[j * pitch + n - j * nx];
		if (!(x - x == REAL(0.0)))
			bad = 1;
	}
	flags[item] = bad;
}
