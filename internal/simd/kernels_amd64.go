package simd

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go -C gen run . ..

// vectorized returns the implementations in assembly that the CPU runs.
func vectorized() []implementation {
	var list []implementation
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA || !cpu.X86.HasBMI2 {
		return nil
	}
	list = append(list, avx2())
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		list = append(list, avx512())
	}
	return list
}

func avx2() implementation {
	return implementation{
		level: "avx2",
		float64: kernels[float64]{
			product:  byRows(productRows[float64]{4, product4AVX2}, productRows[float64]{2, product2AVX2}, productRows[float64]{1, product1AVX2}),
			gradient: sumsByRows(gradientRows[float64]{3, gradient3AVX2}, gradientRows[float64]{2, gradient2AVX2}, gradientRows[float64]{1, gradient1AVX2}),
			tileRows: 4, tileColumns: 12,
			addScaled: addScaledAVX2, scale: scaleAVX2, addConst: addConstAVX2,
			products: listed(productsAVX2),
			dot:      dotAVX2, sum: sumAVX2,
			exp: expAVX2, tanh: tanhAVX2, sigmoid: sigmoidAVX2, softplus: softplusAVX2,
			sinCos: withLargeArguments(4, sinCosAVX2),
			wave: swept(4,
				waveKernels[float64]{
					rows:  [MaxHalfWidth]waveRows[float64]{wave1AVX2, wave2AVX2, wave3AVX2, wave4AVX2},
					fused: [MaxHalfWidth]fusedRows[float64]{waveFused1AVX2, waveFused2AVX2},
				},
				waveKernels[float64]{
					rows:  [MaxHalfWidth]waveRows[float64]{waveMedium1AVX2, waveMedium2AVX2, waveMedium3AVX2, waveMedium4AVX2},
					fused: [MaxHalfWidth]fusedRows[float64]{waveMediumFused1AVX2, waveMediumFused2AVX2},
				}),
			waveLayer: layered([MaxHalfWidth]func(dst, psi, a, b, c []float64, u, weights *float64, stride int){waveLayer1AVX2, waveLayer2AVX2, waveLayer3AVX2, waveLayer4AVX2}),
			lanes:     4, multiplyAdds: multiplyAddsAVX2,
			triad: triadAVX2, streamTriad: alignedTriad(4, triadAVX2, streamTriadAVX2), streamScale: alignedScale(4, scaleAVX2, streamScaleAVX2),
		},
		float32: kernels[float32]{
			product:  byRows(productRows[float32]{4, product4AVX2F32}, productRows[float32]{2, product2AVX2F32}, productRows[float32]{1, product1AVX2F32}),
			gradient: sumsByRows(gradientRows[float32]{3, gradient3AVX2F32}, gradientRows[float32]{2, gradient2AVX2F32}, gradientRows[float32]{1, gradient1AVX2F32}),
			tileRows: 4, tileColumns: 24,
			addScaled: addScaledAVX2F32, scale: scaleAVX2F32, addConst: addConstAVX2F32,
			products: listed(productsAVX2F32),
			dot:      dotAVX2F32, sum: sumAVX2F32,
			exp: expAVX2F32, tanh: tanhAVX2F32, sigmoid: sigmoidAVX2F32, softplus: softplusAVX2F32,
			sinCos: withLargeArguments(8, sinCosAVX2F32),
			wave: swept(8,
				waveKernels[float32]{
					rows:  [MaxHalfWidth]waveRows[float32]{wave1AVX2F32, wave2AVX2F32, wave3AVX2F32, wave4AVX2F32},
					fused: [MaxHalfWidth]fusedRows[float32]{waveFused1AVX2F32, waveFused2AVX2F32},
				},
				waveKernels[float32]{
					rows:  [MaxHalfWidth]waveRows[float32]{waveMedium1AVX2F32, waveMedium2AVX2F32, waveMedium3AVX2F32, waveMedium4AVX2F32},
					fused: [MaxHalfWidth]fusedRows[float32]{waveMediumFused1AVX2F32, waveMediumFused2AVX2F32},
				}),
			waveLayer: layered([MaxHalfWidth]func(dst, psi, a, b, c []float32, u, weights *float32, stride int){waveLayer1AVX2F32, waveLayer2AVX2F32, waveLayer3AVX2F32, waveLayer4AVX2F32}),
			lanes:     8, multiplyAdds: multiplyAddsAVX2F32,
			triad: triadAVX2F32, streamTriad: alignedTriad(8, triadAVX2F32, streamTriadAVX2F32), streamScale: alignedScale(8, scaleAVX2F32, streamScaleAVX2F32),
		},
	}
}

func avx512() implementation {
	return implementation{
		level: "avx512",
		float64: kernels[float64]{
			product: byRows(productRows[float64]{8, product8AVX512}, productRows[float64]{4, product4AVX512},
				productRows[float64]{2, product2AVX512}, productRows[float64]{1, product1AVX512}),
			gradient: sumsByRows(gradientRows[float64]{4, gradient4AVX512}, gradientRows[float64]{2, gradient2AVX512}, gradientRows[float64]{1, gradient1AVX512}),
			tileRows: 8, tileColumns: 24,
			addScaled: addScaledAVX512, scale: scaleAVX512, addConst: addConstAVX512,
			products: listed(productsAVX512),
			dot:      dotAVX512, sum: sumAVX512,
			exp: expAVX512, tanh: tanhAVX512, sigmoid: sigmoidAVX512, softplus: softplusAVX512,
			sinCos: withLargeArguments(8, sinCosAVX512),
			wave: swept(8,
				waveKernels[float64]{
					rows:  [MaxHalfWidth]waveRows[float64]{wave1AVX512, wave2AVX512, wave3AVX512, wave4AVX512},
					fused: [MaxHalfWidth]fusedRows[float64]{waveFused1AVX512, waveFused2AVX512, waveFused3AVX512, waveFused4AVX512},
				},
				waveKernels[float64]{
					rows:  [MaxHalfWidth]waveRows[float64]{waveMedium1AVX512, waveMedium2AVX512, waveMedium3AVX512, waveMedium4AVX512},
					fused: [MaxHalfWidth]fusedRows[float64]{waveMediumFused1AVX512, waveMediumFused2AVX512, waveMediumFused3AVX512, waveMediumFused4AVX512},
				}),
			waveLayer: layered([MaxHalfWidth]func(dst, psi, a, b, c []float64, u, weights *float64, stride int){waveLayer1AVX512, waveLayer2AVX512, waveLayer3AVX512, waveLayer4AVX512}),
			lanes:     8, multiplyAdds: multiplyAddsAVX512,
			triad: triadAVX512, streamTriad: alignedTriad(8, triadAVX512, streamTriadAVX512), streamScale: alignedScale(8, scaleAVX512, streamScaleAVX512),
		},
		float32: kernels[float32]{
			product: byRows(productRows[float32]{8, product8AVX512F32}, productRows[float32]{4, product4AVX512F32},
				productRows[float32]{2, product2AVX512F32}, productRows[float32]{1, product1AVX512F32}),
			gradient: sumsByRows(gradientRows[float32]{4, gradient4AVX512F32}, gradientRows[float32]{2, gradient2AVX512F32}, gradientRows[float32]{1, gradient1AVX512F32}),
			tileRows: 8, tileColumns: 48,
			addScaled: addScaledAVX512F32, scale: scaleAVX512F32, addConst: addConstAVX512F32,
			products: listed(productsAVX512F32),
			dot:      dotAVX512F32, sum: sumAVX512F32,
			exp: expAVX512F32, tanh: tanhAVX512F32, sigmoid: sigmoidAVX512F32, softplus: softplusAVX512F32,
			sinCos: withLargeArguments(16, sinCosAVX512F32),
			wave: swept(16,
				waveKernels[float32]{
					rows:  [MaxHalfWidth]waveRows[float32]{wave1AVX512F32, wave2AVX512F32, wave3AVX512F32, wave4AVX512F32},
					fused: [MaxHalfWidth]fusedRows[float32]{waveFused1AVX512F32, waveFused2AVX512F32, waveFused3AVX512F32, waveFused4AVX512F32},
				},
				waveKernels[float32]{
					rows:  [MaxHalfWidth]waveRows[float32]{waveMedium1AVX512F32, waveMedium2AVX512F32, waveMedium3AVX512F32, waveMedium4AVX512F32},
					fused: [MaxHalfWidth]fusedRows[float32]{waveMediumFused1AVX512F32, waveMediumFused2AVX512F32, waveMediumFused3AVX512F32, waveMediumFused4AVX512F32},
				}),
			waveLayer: layered([MaxHalfWidth]func(dst, psi, a, b, c []float32, u, weights *float32, stride int){waveLayer1AVX512F32, waveLayer2AVX512F32, waveLayer3AVX512F32, waveLayer4AVX512F32}),
			lanes:     16, multiplyAdds: multiplyAddsAVX512F32,
			triad: triadAVX512F32, streamTriad: alignedTriad(16, triadAVX512F32, streamTriadAVX512F32), streamScale: alignedScale(16, scaleAVX512F32, streamScaleAVX512F32),
		},
	}
}

// productRows is a kernel that computes a fixed number of rows of a product.
type productRows[T Float] struct {
	rows int
	run  func(c, a, b []T, ldc, ars, acs, ldb, k, n int, accumulate bool)
}

// byRows makes a product of any number of rows; list ends with one row.
func byRows[T Float](list ...productRows[T]) func(c, a, b []T, ldc, ars, acs, ldb, m, k, n int, accumulate bool) {
	return func(c, a, b []T, ldc, ars, acs, ldb, m, k, n int, accumulate bool) {
		for _, kernel := range list {
			for m >= kernel.rows {
				kernel.run(c, a, b, ldc, ars, acs, ldb, k, n, accumulate)
				m -= kernel.rows
				if m == 0 {
					return
				}
				c, a = c[kernel.rows*ldc:], a[kernel.rows*ars:]
			}
		}
	}
}

// gradientRows is a kernel that computes a fixed number of rows of C += A Bᵀ.
type gradientRows[T Float] struct {
	rows int
	run  func(c, a, b []T, ldc, lda, ldb, k, n int)
}

// sumsByRows makes C += A Bᵀ with any number of rows; list ends with one row.
// It sums in parts of which the rows of one kernel stay in the L1 cache.
func sumsByRows[T Float](list ...gradientRows[T]) func(c, a, b []T, ldc, lda, ldb, m, k, n int) {
	const part = 512
	return func(c, a, b []T, ldc, lda, ldb, m, k, n int) {
		for p := 0; p < n; p += part {
			i := 0
			for _, kernel := range list {
				for ; i+kernel.rows <= m; i += kernel.rows {
					kernel.run(c[i*ldc:], a[i*lda+p:], b[p:], ldc, lda, ldb, k, min(part, n-p))
				}
			}
		}
	}
}

// withLargeArguments completes a kernel that stops before the first vector
// with an argument too large for its reduction (or not finite) and returns how
// many elements it has done: such arguments go to the portable version, and
// those beside them to the kernel alone, so that no result depends on its
// neighbours.
func withLargeArguments[T Float](lanes int, kernel func(sin, cos, x []T) int) func(sin, cos, x []T) {
	return func(sin, cos, x []T) {
		for {
			done := kernel(sin, cos, x)
			if done == len(sin) {
				return
			}
			sin, cos, x = sin[done:], cos[done:], x[done:]
			n := min(lanes, len(sin))
			for p := range n {
				if kernel(sin[p:p+1], cos[p:p+1], x[p:p+1]) == 0 {
					portableSinCos(sin[p:p+1], cos[p:p+1], x[p:p+1])
				}
			}
			sin, cos, x = sin[n:], cos[n:], x[n:]
		}
	}
}

// alignedTriad completes a kernel for an aligned destination of whole vectors.
func alignedTriad[T Float](lanes int, triad, stream func(dst []T, c T, x, y []T)) func(dst []T, c T, x, y []T) {
	return func(dst []T, c T, x, y []T) {
		i, j := wholeVectors(dst, lanes)
		triad(dst[:i], c, x, y)
		stream(dst[i:j], c, x[i:], y[i:])
		triad(dst[j:], c, x[j:], y[j:])
	}
}

// alignedScale is the same for a scale.
func alignedScale[T Float](lanes int, scale, stream func(dst []T, c T, x []T)) func(dst []T, c T, x []T) {
	return func(dst []T, c T, x []T) {
		i, j := wholeVectors(dst, lanes)
		scale(dst[:i], c, x)
		stream(dst[i:j], c, x[i:])
		scale(dst[j:], c, x[j:])
	}
}

// wholeVectors is the range of x that consists of aligned vectors.
func wholeVectors[T Float](x []T, lanes int) (i, j int) {
	if len(x) == 0 {
		return 0, 0
	}
	size := int(unsafe.Sizeof(x[0]))
	address := int(uintptr(unsafe.Pointer(&x[0])) / uintptr(size) % uintptr(lanes))
	i = min((lanes-address)%lanes, len(x))
	return i, i + (len(x)-i)/lanes*lanes
}

// listed hands a list of products to a kernel, which reads it as bytes.
func listed[T Float](run func(frame []T, list *byte, length, n, units, stride int)) func(frame []T, list []Product, n, units, stride int) {
	return func(frame []T, list []Product, n, units, stride int) {
		if len(list) > 0 {
			run(frame, (*byte)(unsafe.Pointer(unsafe.SliceData(list))), len(list), n, units, stride)
		}
	}
}
