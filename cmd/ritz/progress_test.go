package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	clock := time.Unix(1000, 0)
	p := newProgress(&b, func() time.Time { return clock })
	now := job.Progress{Stages: 2, Name: "adam", Iterations: 100, TotalMost: 400, Measure: "loss", Value: 0.5}
	for i := 1; i <= 100; i++ { // 0.1 s each
		now.Iteration, now.Total, now.Seconds = i, i, float64(i)/10
		p.update(now)
		clock = clock.Add(100 * time.Millisecond)
	}
	now.Stage, now.Name, now.Iterations = 1, "ssbroyden", 300
	for i := 1; i <= 100; i++ { // 1 s each
		now.Iteration, now.Total, now.Seconds = i, 100+i, 10+float64(i)
		p.update(now)
		clock = clock.Add(time.Second)
	}
	p.end()
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	assert.Equal(t, "[--------------------]   0% stage 1/2 adam 1/100 loss 0.5 0.1 s", lines[0])
	assert.Equal(t, "[##------------------]  13% stage 1/2 adam 51/100 loss 0.5 5.1 s, 34.9 s left", lines[1])
	assert.Equal(t, "[#########-----------]  49% stage 2/2 ssbroyden 96/300 loss 0.5 1:46, 3:24 left", lines[len(lines)-1])
	assert.Len(t, lines, 2+20)

	b.Reset()
	p = &progress{w: &b, now: func() time.Time { return clock }, terminal: true, columns: 30, pace: newPace()}
	p.update(now)
	p.update(now) // too soon
	p.end()
	assert.Equal(t, "\r[##########----------]  50% s\n", b.String())

	before := job.Progress{Name: "compiling kernels for opencl:0 (GPU)", Iteration: 2, Iterations: 5, Seconds: 3}
	assert.Equal(t, "compiling kernels for opencl:0 (GPU) 2/5 3.0 s", p.line(before))

	now.Parameters, now.Values = []string{"k", "nu"}, []float64{0.25, 1e-5}
	assert.Contains(t, p.line(now), " loss 0.5 k=0.25 nu=1e-05 1:50")
}
