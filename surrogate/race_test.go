//go:build race

package surrogate

const raceDetector = true
