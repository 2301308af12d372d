// What sources add to an element in a step: the sum of share times amplitude over its
// terms. elements: place in a field, first term and last term + 1, of each. row: where the
// amplitudes of the step begin.
DEVICE real injection(GLOBAL const int *element, GLOBAL const real *shares, GLOBAL const int *sources,
	GLOBAL const real *amplitudes, const int row)
{
	real sum = REAL(0.0);
	for (int k = element[1]; k < element[2]; k++)
		sum += shares[k] * amplitudes[row + sources[k]];
	return sum;
}
