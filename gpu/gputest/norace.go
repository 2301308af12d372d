//go:build !race

package gputest

const raceDetector = false
