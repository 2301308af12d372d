//go:build race

package gputest

// raceDetector tells that the race detector is on, under which pools drop what they
// are given, and so allocate.
const raceDetector = true
