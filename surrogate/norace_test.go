//go:build !race

package surrogate

const raceDetector = false
