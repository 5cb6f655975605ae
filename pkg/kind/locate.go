package kind

// locate finds the field of a JSON document that does not decode.
func locate(_ []byte, _ Object) *failure {
	return failed("a field has a value of the wrong type or form")
}
