package firsts_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ancho-dev/ancho/pkg/watcher/internal/firsts"
)

func TestTextsAreForgottenAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o firsts.Texts
		for i := range firsts.Max {
			if text := fmt.Sprint(i); !o.First(text) || o.First(text) {
				t.Fatalf("text %d", i)
			}
		}
		time.Sleep(firsts.Every - time.Second)
		if o.First("new") {
			t.Error("more than the bound within the hour")
		}
		time.Sleep(time.Second)
		if !o.First("new") || o.Len() != 1 {
			t.Error("nothing was forgotten")
		}
	})
}
