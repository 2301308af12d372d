package jet_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/seed-0772dd2d/ritz/internal/jet"
)

// The network of a problem in t and x with u_t and u_xx, and the gradient of
// u_xx at one point with respect to the weights.
func Example() {
	set, err := jet.NewSet(jet.MultiIndex{1, 0}, jet.MultiIndex{0, 2})
	if err != nil {
		panic(err)
	}
	fmt.Println("members:", set.Len()) // u, u_t, u_x, u_xx

	net, err := jet.NewNetwork([]jet.Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 1}}, []int{8, 8}, 1, jet.Tanh)
	if err != nil {
		panic(err)
	}
	weights, grad := make([]float64, net.Weights()), make([]float64, net.Weights())
	net.Init(weights, rand.New(rand.NewPCG(1, 0)))

	ws := net.NewPass(set, 1, false)
	ws.Load(weights)
	ws.Forward([][]float64{{0.5}, {0.25}})
	xx := set.Find(jet.MultiIndex{0, 2})
	fmt.Println("finite:", ws.Derivative(0, xx)[0]-ws.Derivative(0, xx)[0] == 0)
	ws.Bar(0, xx)[0] = 1 // the other adjoints are zero
	ws.Reverse()
	ws.AddGradient(grad)
	fmt.Println("du_xx/dbias of the output:", grad[len(grad)-1])
	// Output:
	// members: 4
	// finite: true
	// du_xx/dbias of the output: 0
}
