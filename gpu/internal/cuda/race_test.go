//go:build race

package cuda

// raceDetector tells that the race detector is on, under which pools allocate.
const raceDetector = true
