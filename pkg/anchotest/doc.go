// Package anchotest is the kit to test capabilities with: it runs them on Ancho's own runtime, against an API server in
// memory, in virtual time.
//
//	func TestGreeting(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			c := anchotest.Run(t, hello.Capability)
//			c.Create(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "greeting"}})
//			c.Settle()
//			if calls := c.Calls("hello/configmaps"); len(calls) != 1 {
//				t.Errorf("%d calls", len(calls))
//			}
//		})
//	}
//
// A test runs inside a bubble of testing/synctest, where time passes only while every goroutine is blocked. A requeue that
// is due in an hour runs after time.Sleep(time.Hour), which takes microseconds. Only the server is replaced: streams,
// queues, retries and the shutdown are the production code. Package fake says what the server leaves out.
//
// Callbacks run on their own goroutines: share data with the test through a channel, an atomic value, or a lock.
package anchotest
