"""Parts that several tasks share: losses and class weights."""
