/** ava loads it before any test: a property whose arrays may have so many elements is to meet arrays of so many. */
import fc from 'fast-check';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
