package simd

// MultiplyAdds runs independent multiply-adds in registers, in rounds of some
// operations each, and returns the number of floating-point operations: what
// no kernel can exceed.
func MultiplyAdds[T Float](rounds int) (operations int) {
	if rounds < 1 {
		return 0
	}
	k := use[T]()
	k.multiplyAdds(rounds)
	return rounds * 12 * 2 * k.lanes
}

// Triad computes dst = x + c y, three streams of memory; dst may be x or y.
func Triad[T Float](dst []T, c T, x, y []T) {
	use[T]().triad(dst, c, x[:len(dst):len(x)], y[:len(dst):len(y)])
}

// StreamTriad is Triad with stores that bypass the caches, for vectors that do
// not fit there: dst is not read from memory to be overwritten. It may be x or y.
func StreamTriad[T Float](dst []T, c T, x, y []T) {
	use[T]().streamTriad(dst, c, x[:len(dst):len(x)], y[:len(dst):len(y)])
}

// StreamScale is Scale with such stores; dst may be x.
func StreamScale[T Float](dst []T, c T, x []T) {
	use[T]().streamScale(dst, c, x[:len(dst):len(x)])
}
