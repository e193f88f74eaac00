"""A pack as others know it: the picture of its flow (SVG), BPMN 2.0 and DMN 1.3. Written from the compiled pack."""
