// SPDX-License-Identifier: MIT
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/**
 * A record in Avro's JSON to Avro's bytes on standard output, for tools that send bytes (publish-with-kcat).
 *
 * <pre>java -cp 'build/examples/lib/*' deploy/examples/Encode.java SCHEMA.avsc RECORD.json</pre>
 */
public class Encode {
    public static void main(String[] arguments) throws Exception {
        Schema schema = new Schema.Parser().parse(new File(arguments[0]));
        String json = Files.readString(Path.of(arguments[1]));
        GenericRecord record = new GenericDatumReader<GenericRecord>(schema)
                .read(null, DecoderFactory.get().jsonDecoder(schema, json));
        BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(System.out, null);
        new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
        encoder.flush();
    }
}
