"""The compliance engine: every rule of the profile as a small pure function over what is known of one student."""
