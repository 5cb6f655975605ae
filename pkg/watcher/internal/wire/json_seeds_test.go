package wire

import (
	"fmt"
	"strings"
	"testing"
)

// metadataSeeds are shapes of metadata, usual and odd.
var metadataSeeds = []string{
	`{"name":"a","namespace":"n","uid":"u","resourceVersion":"7","generation":3,"creationTimestamp":null}`,
	`{"name":"a","labels":{"a":"1","b":"2"},"annotations":{"x":"quo\"ted \u00e9 \ud83d\ude00 \ud800 \/"},"finalizers":["f","g"]}`,
	`{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"u","controller":true,"blockOwnerDeletion":false},{"x":[{}]}],"deletionTimestamp":"t"}`,
	`{"managedFields":[{"manager":"m","fieldsV1":{"f:a":{}}}],"name":"a"}`, `{"name":"a","managedFields":[],"uid":"u"}`, `{"name":"a" , "managedFields" : [ {} ] }`,
	`{"managedFields":[{"a":"]"}]}`, `{"managedFields":[] , "name":"a"}`, `{"managedFields":{},"name":"a"}`, `{"name":"a","managedFields":[],"managedFields":[1]}`,
	`{"name":"a","name":"b"}`, `{"n\u0061me":"a"}`, `{"name":null}`, `{"name":5}`, `{"name":""}`, `{}`, `null`, `[]`, `"x"`, `5`,
	`{"name":"a","labels":null}`, `{"name":"a","labels":{"b":"1","a":"2","b":"3"}}`, `{"name":"a","labels":{"a":null}}`, `{"name":"a","labels":{"\u0061":"1"}}`, `{"name":"a","labels":[]}`,
	`{"name":"a","finalizers":[null]}`, `{"name":"a","finalizers":null}`, `{"name":"a","finalizers":["a",]}`, `{"name":"a","ownerReferences":[null]}`,
	`{"name":"a","ownerReferences":[{"controller":null,"kind":"a","kind":"b"}]}`, `{"name":"a","deletionTimestamp":null}`, `{"name":"a","deletionTimestamp":5}`,
	`{"name":"a","generation":-0}`, `{"name":"a","generation":01}`, `{"name":"a","generation":1.5e3}`, `{"name":"a","generation":9223372036854775808}`, `{"name":"a","generation":-9223372036854775808}`,
	"{\"name\":\"\xff\xc0\u00e9\",\"labels\":{\"\xfe\":\"\"}}", "{\"name\":\"a\nb\"}", `{"name":"\q"}`, `{"name":"\u12"}`, `{"name":"a",}`, `{,"name":"a"}`, `{"name":"a""uid":"b"}`, `{"name" "a"}`,
	`{"name":"a","x":{"y":[1,2,{"z":"}]"}]},"w":[tru]}`, `{"name":"a","x":{"\q":\"}}`, "{\"name\":\"a\",\"x\":[\"\n\"]}", `{"name":"a","x":[}`, `{"name":"a","x":tru}`, `{"name":"a","x":-}`, `{"name":"a","x":[y_Y]}`,
	`{"name":"a","x":` + strings.Repeat(`[{"":`, 40) + `1` + strings.Repeat(`}]`, 40) + `}`,
	`{"name":"a","x":` + strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200) + `}`,
	`{"name":"a","x":"` + strings.Repeat(`\\\"`, 50) + `","y":["` + strings.Repeat(`\\`, 31) + `\"","` + strings.Repeat(`\\`, 63) + `"]}`,
}

// grammarSeeds are no objects.
var grammarSeeds = []string{``, ` `, `{`, `}`, `{}`, `{"`, `{"a"`, `{"a":`, `{"a":1`, `[]`, `null`, `tru`, `"x"`, `5 `, `<html>`, `{"a":"b`, `{"a":["b`, `{"a":1}}`, "\ufeff{}", `{"a":}`, `{]`}

func objectSeeds(tb testing.TB) []string {
	tb.Helper()
	out := []string{string(toJSON(tb, pod("web")))}
	for i, m := range metadataSeeds {
		out = append(out, []string{
			`{"kind":"K","metadata":` + m + `,"spec":{"a":[1,2.5,{"b":"c"}]}}`,
			"{ \"spec\" : [ ] ,\n\t\"metadata\" : " + m + "\r\n}\n",
			`{"metadata":` + m + `,"metadata":{"uid":"v"}}`,
		}[i%3])
	}
	return out
}

func eventSeeds(tb testing.TB) []string {
	tb.Helper()
	var out []string
	next := `{"type":"MODIFIED","object":{"metadata":{"name":"next"}}}`
	for i, o := range objectSeeds(tb) {
		out = append(out, []string{
			fmt.Sprintf("{\"type\":\"ADDED\",\"object\":%s}\n%s", o, next), `{"object":` + o + `,"type":"DELETED"}` + next,
			`{"type":"BOOKMARK","object":` + o + `,"x":{"y":[]}} ` + next, `{"type":"ADDED","object":` + o,
		}[i%4])
	}
	return append(out, statusJSON, `{"type":"ERROR","object":`+statusJSON+`}`+next, `{"type":"NEW","object":5}`+next, `{"type":5,"object":{"metadata":{"name":"a"}}}`+next,
		`{"type":"ADDED","object":null}`+next, `{"type":"ADDED"}`+next, `{}`+next, `{"type":"ADDED","type":"DELETED","object":{"metadata":{"name":"a"}},"object":null}`+next,
		`5 "x" [1] null `+next, next+`}`, next+` <`, next+"\n\n\n", `{"type":"ADDED","object":{"metadata":{"name":"a"}}]`+next, `{"ty\u0070e":"ADDED","object":{"metadata":{"name":"a"}}}`+next,
		`{"type":"ADDED","object":{"metadata":{"name":"a"},"x":["]}"}}`+next+"\n"+next)
}

func listSeeds(tb testing.TB) []string {
	tb.Helper()
	out := []string{string(toJSON(tb, podList(3)))}
	for i, o := range objectSeeds(tb) {
		out = append(out, []string{
			`{"kind":"XList","apiVersion":"v1","metadata":{"resourceVersion":"5","continue":"c\u0041","remainingItemCount":3},"items":[` + o + `,{"metadata":{"name":"next"}}]}`,
			`{"items":[{"metadata":{"name":"first"}} , ` + o + `] , "metadata":{"x":[]},"kind":"XList"} `,
			`{"kind":"XList","x":{"items":[]},"items":[` + o + `]}`, `{"kind":"XList","items":[` + o,
		}[i%4])
	}
	const a = `{"metadata":{"name":"a"}}`
	return append(out, statusJSON, `{"kind":"XList","items":null}`, `{"kind":"Table","rows":[]}`, `{"kind":null,"items":[]}`, `{"kind":"XList","items":[`+a+`],"items":[`+a+`]}`,
		`{"kind":"XList","metadata":null,"items":[1,null,`+a+`]}`, `{"kind":"XList","metadata":{"resourceVersion":"5"},"metadata":{"resourceVersion":5},"items":[]}`,
		`{"kind":"XList","items":[`+a+`,]}`, `{"kind":"XList","items":[,`+a+`]}`, `{"kind":"XList","items":[`+a+` `+a+`]}`, `{"kind":"XList","items":[`+a+`]} {}`, `{"kind":"XList","items":[`+a+`}`,
		`{"kind":"XList","k\u0069nd":"Table","items":[]}`, `{"kind":"XList","items":{}}`, `{"kind":"XList","metadata":{"remainingItemCount":1.5,"continue":null},"items":[]}`)
}
